"""Callers that a middleware or guard puts into a `contextvars.ContextVar`, for whatever the request comes to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, walk
from fastapi_seclint.program.context_requests import VARIABLE
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.owners.uses import requests_of
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PERSON = re.compile(r"(^|_)(user|account|member|customer|principal|identity|caller|claims|tenant|owner|auth)(_|$)")


@lru_cache(maxsize=1)
def _holders(program: Program) -> frozenset[str]:
    """The names of the variables of the project that hold who is calling: `_current_user = ContextVar(...)`."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        if "ContextVar" in module.facts.words and not program.is_test(module):
            found.update(
                name
                for name, value in list(module.scope.names.items())
                if _PERSON.search(snake(name))
                and any(isinstance(one, External) and one.name == VARIABLE for one in options(value))
            )
    return frozenset(found)


def asks_the_context(program: Program, route: Route) -> bool:
    """Whether a handler, or what it calls, asks such a variable, or works with what is out of sight and may do so.

    Out of sight is what something gives that was handed the request: `store_of(request).search(...)`.
    """
    handler = route.function
    if handler is None or not (names := _holders(program)):
        return False
    for one in reached(program, handler, 2):
        calls = one.forms.of("call")
        noted = {id(inner) for call in calls if logs(call) for inner in walk(call)}
        if any(_asks(form, names) and id(form) not in noted for form in calls):
            return True
    return _works_unseen(program, handler)


def _asks(call: Form, names: frozenset[str]) -> bool:
    match call[2]:
        case ["attr", _, ["name" | "attr", *_, str(name)], "get"]:
            return name in names
    return False


def _works_unseen(program: Program, handler: Function) -> bool:
    requests = requests_of(handler) & {item[0] for item in handler.parameters}
    block = body_of(program, handler) if requests else None
    if block is None:
        return False
    given = {
        target[2]
        for form in handler.forms.of("assign")
        if form[3] is not None and form[3][0] == "call"
        if any(item[0] == "name" and item[2] in requests for item in arguments(form[3]))
        for target in form[2]
        if target[0] == "name"
    }
    methods = [
        form
        for form in handler.forms.of("call")
        if form[2][0] == "attr" and form[2][2][0] == "name" and form[2][2][2] in given
    ]
    return any(not list(called(program, block, form)) and ask(program, block, form[2]) is not None for form in methods)
