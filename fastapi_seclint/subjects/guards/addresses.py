"""Handlers that ask where a request comes from, and refuse it from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asks_the_address(program: Program, route: Route) -> bool:
    """Whether a handler, or a function that it hands its caller's address to, refuses by that address.

    `if request.client.host not in ALLOWED: raise ...`, `books.add(file, uploader_ip=request.client.host)`.
    """
    handler = route.function
    if handler is None:
        return False
    if not {"client", "host"} <= handler.module.facts.words:
        return _asks_a_helper(program, route)
    if any(_is_address(test) and _raises(form) for form in handler.forms.of("if") for test in walk(form[2])):
        return True
    if _asks_a_helper(program, route):
        return True
    given = [
        (form, value)
        for form in handler.forms.of("call")
        for value in (*form[3], *(value for _, value, _ in form[4]))
        if _is_address(value)
    ]
    block = body_of(program, handler) if given else None
    for call, value in given if block is not None else ():
        for function, names in handed_to(program, block, call, {_root(value)}) if block is not None else ():
            if any(mentions(form[2], names) and _raises(form) for form in function.forms.of("if")):
                return True
    return False


def _asks_a_helper(program: Program, route: Route) -> bool:
    """Whether a handler refuses by what a function of the project makes of the request: `if not is_internal(request)`.

    That function looks at the address and at nothing that the caller writes himself.
    """
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    refusals = [form for form in handler.forms.of("if") if _raises(form)] if handler is not None else []
    for call in (item for form in refusals for item in walk(form[2]) if item[0] == "call"):
        if block is None or not call[3] or call[3][0][0] != "name":
            continue
        for function, names in handed_to(program, block, call, {call[3][0][2]}):
            looks = any(map(_is_address, function.forms.of("attr")))
            if names and looks and not any(form[-1] in ("headers", "cookies") for form in function.forms.of("attr")):
                return True
    return False


def _is_address(form: Form) -> bool:
    """Whether an expression is the address of who sends a request: `request.client.host`."""
    match form:
        case ["attr", _, ["attr", _, ["name", *_], "client"], "host"]:
            return True
    return False


def _root(form: Form) -> str:
    return str(form[2][2][2])


def _raises(form: Form) -> bool:
    return any(inner[0] == "raise" for inner in walk(form[3]))
