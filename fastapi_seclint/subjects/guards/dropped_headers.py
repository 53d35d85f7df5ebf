"""Handlers that answer every `HTTPException` without its headers, `WWW-Authenticate` and `Retry-After` among them.

FastAPI's own handler sends `exc.headers` (`fastapi/exception_handlers.py`); one that takes its place has to do that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards.challenges import HTTP_EXCEPTIONS, RESPONSE
from fastapi_seclint.subjects.guards.exception_handlers import registrations

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def dropping(program: Program) -> Iterator[tuple[Block, Form, str]]:
    """The calls that make such answers, each in its block, with the code for the headers of the exception.

    A handler that is registered for other exceptions, too, asks whether one has headers.
    """
    registered = [(handler, _is_http(one)) for one, handler in registrations(program) if handler is not None]
    others = {(handler.module.file, handler.number) for handler, of_http in registered if not of_http}
    seen: set[tuple[str, int]] = set()
    for handler in (handler for handler, of_http in registered if of_http):
        body, key = body_of(program, handler), (handler.module.file, handler.number)
        names = [item[0] for item in handler.parameters if item[0] not in ("self", "cls")]
        if body is None or len(names) < 2 or key in seen or program.is_test(handler.module):
            continue
        seen.add(key)
        if not _speaks_of_headers(body):
            rare = _of_others(body, names[1])
            asked = (call for call in body.forms.of("call") if id(call) not in rare)
            calls = [call for call in asked if _drops(program, body, call, names[1])]
            code = f'getattr({names[1]}, "headers", None)' if key in others else f"{names[1]}.headers"
            yield from ((body, call, code) for call in calls if not _is_handed_on(body, call))


def _of_others(body: Block, name: str) -> set[int]:
    """The identities of what is done only for statuses that carry no such header: `if exc.status_code == 404:`."""
    found: set[int] = set()
    for form in body.forms.of("if"):
        match form:
            case [
                "if",
                at,
                ["compare", _, ["attr", _, ["name", _, owner], "status_code"], [operator], [given]],
                then,
                _,
            ]:
                spoken = {str(item[-1]) for item in walk(given) if item[0] in ("const", "name", "attr")}
                named = bool(spoken) and not any("401" in word or "429" in word for word in spoken)
                after = [item for item in body.statements if item[1] > at] if then[-1][0] in ("return", "raise") else []
                if owner == name and named and operator in ("==", "in"):
                    found.update(id(item) for item in walk(then))
                elif owner == name and named and operator in ("!=", "not in"):
                    found.update(id(item) for item in walk(after))
    return found


def _speaks_of_headers(body: Block) -> bool:
    """Whether a handler reads or writes headers: `exc.headers`, `getattr(exc, "headers", None)` as FastAPI's does."""
    asked = (form[3][1] for form in body.forms.of("call") if form[2][2:] == ["getattr"] and len(form[3]) > 1)
    return any(form[3] == "headers" for form in body.forms.of("attr")) or any(form[2:] == ["headers"] for form in asked)


def _is_handed_on(body: Block, answer: Form) -> bool:
    """Whether another function is given the answer, to write headers into it perhaps: `with_headers(answer, exc)`."""
    names = {
        target[2] for form in body.forms.of("assign") if form[3] is answer for target in form[2] if target[0] == "name"
    }
    return any(
        item is answer or (item[0] == "name" and item[2] in names)
        for call in body.forms.of("call")
        for item in arguments(call)
    )


def _is_http(answered: Value) -> bool:
    return isinstance(answered, External) and answered.name in HTTP_EXCEPTIONS


def _drops(program: Program, block: Block, call: Form, name: str) -> bool:
    """Whether a call makes the answer of any such exception, with its status and no headers."""
    given = {keyword: value for keyword, value, _ in call[4]}
    status = given.get("status_code") or (call[3][1] if len(call[3]) > 1 else None)
    if status is None or status[0] != "attr" or status[3] != "status_code" or status[2][2:] != [name]:
        return False
    told = None in given or "headers" in given or len(call[3]) > 2 or any(item[0] == "star" for item in call[3])
    made = (option.name for option in options(ask(program, block, call[2])) if isinstance(option, External))
    return not told and any(map(RESPONSE.match, made))
