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

    They share the form, `form.username` and `form.password`, or the name: `username: str = Form()`.
    """
    tops = [(node, node.function) for node in route.nodes()]
    for node, function in tops:
        if function is not None:
            yield from ((found, function) for found in _below(node) if _share_the_form(found, function))
    handler = route.function
    if handler is not None:
        for node in route.dependencies:
            first = node.function
            if first is not None and node.parameter and _share_the_form(first, handler):
                yield first, handler


def _below(node: Node) -> Iterator[Function]:
    """The dependencies of a dependency that give it something."""
    for child in node.children:
        if child.function is not None and child.parameter:
            yield child.function


def _share_the_form(found: Function, tested: Function) -> bool:
    shared = {item[0] for item in found.parameters} & {item[0] for item in tested.parameters}
    asked = (form for form in tested.forms.of("attr") if form[2][0] == "name" and form[2][2] in shared)
    return any(map(_NAMED.search, shared)) or any(mentions_password([form]) for form in asked)
