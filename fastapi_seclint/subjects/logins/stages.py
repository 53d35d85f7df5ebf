"""Logins in several stages: one dependency finds the account, the next one tests the password of what that gave."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.worlds import mentions_password

_NAMED = re.compile(r"(^|_)(user_?name|login|e?mail|phone|identifier)$")


def stages(route: Route) -> Iterator[tuple[Function, Function]]:
    """Pairs of a dependency that finds an account and what tests the password of it, by what both ask the client for.

    They share the form, `form.username` and `form.password`, or the name: `username: str = Form()`. A dependency that
    finds something else, as the tenant whose domain is in the name, is none of them.
    """
    tops = [(node, node.function) for node in route.nodes()]
    for node, function in tops:
        if function is not None:
            yield from ((found, function) for found, given in _below(node) if _are_stages(found, function, given))
    handler = route.function
    if handler is not None:
        for node in route.dependencies:
            first = node.function
            if first is not None and node.parameter and _are_stages(first, handler, node.parameter):
                yield first, handler


def _below(node: Node) -> Iterator[tuple[Function, str]]:
    """The dependencies of a dependency that give it something, each with the parameter that it fills."""
    for child in node.children:
        if child.function is not None and child.parameter:
            yield child.function, child.parameter


def _are_stages(found: Function, tested: Function, given: str) -> bool:
    return _share_the_form(found, tested) and _reads_password(tested, given)


def _reads_password(function: Function, name: str) -> bool:
    """Whether a function reads the password of what a parameter gives it, or hands that on beside a password."""
    for form in function.forms.of("attr", "sub"):
        if form[2][2:] == [name] and mentions_password([form]):
            return True
    for call in function.forms.of("call"):
        given = [*call[3], *(value for _, value, _ in call[4])]
        if any(item[0] == "name" and item[2] == name for item in given) and mentions_password(given):
            return True
    return False


def _share_the_form(found: Function, tested: Function) -> bool:
    shared = {item[0] for item in found.parameters} & {item[0] for item in tested.parameters}
    asked = (form for form in tested.forms.of("attr") if form[2][0] == "name" and form[2][2] in shared)
    return any(map(_NAMED.search, shared)) or any(mentions_password([form]) for form in asked)
