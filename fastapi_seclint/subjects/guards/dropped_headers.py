"""Handlers that answer every `HTTPException` without its headers, `WWW-Authenticate` and `Retry-After` among them.

FastAPI's own handler sends `exc.headers` (`fastapi/exception_handlers.py`); one that takes its place has to do that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, Mapping, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards.challenges import HTTP_EXCEPTIONS, RESPONSE

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_REGISTER = frozenset({"exception_handler", "add_exception_handler"})


def dropping(program: Program) -> Iterator[tuple[Block, Form, str]]:
    """The calls that make such answers, each in its block, with what the exception is called there."""
    seen: set[tuple[str, int]] = set()
    for handler in _handlers(program):
        body, key = body_of(program, handler), (handler.module.file, handler.number)
        names = [item[0] for item in handler.parameters if item[0] not in ("self", "cls")]
        if body is None or len(names) < 2 or key in seen or program.is_test(handler.module):
            continue
        seen.add(key)
        if not any(form[3] == "headers" for form in body.forms.of("attr")):
            yield from (
                (body, call, names[1]) for call in body.forms.of("call") if _drops(program, body, call, names[1])
            )


def _handlers(program: Program) -> Iterator[Function]:
    """The functions that are registered for `HTTPException`, by decorator, call or argument of the application."""
    for block in program.sites.blocks(_REGISTER):
        for form in block.forms.every:
            match form:
                case ["def", _, number, _, _, _, decorators, _] if any(
                    _is_for_all(program, block, one) for one in decorators
                ):
                    function = program.sites.function(block.module, number)
                    yield from [function] if function is not None else ()
                case ["call", _, ["attr", _, _, "add_exception_handler"], [given, handler, *_], _] if _is_http(
                    ask(program, block, given)
                ):
                    yield from _functions(ask(program, block, handler))
    for app in program.apps:
        for option in options(app.arguments.get("exception_handlers")):
            for key, handler in option.items if isinstance(option, Mapping) else ():
                yield from _functions(handler) if _is_http(key) else ()


def _functions(value: Value) -> Iterator[Function]:
    yield from (found for option in options(value) if (found := running(option)) is not None)


def _is_for_all(program: Program, block: Block, decorator: Form) -> bool:
    match decorator:
        case ["call", _, ["attr", _, _, "exception_handler"], [given, *_], _]:
            return _is_http(ask(program, block, given))
    return False


def _is_http(value: Value) -> bool:
    return any(isinstance(option, External) and option.name in HTTP_EXCEPTIONS for option in options(value))


def _drops(program: Program, block: Block, call: Form, name: str) -> bool:
    """Whether a call makes the answer of any such exception, with its status and no headers."""
    given = {keyword: value for keyword, value, _ in call[4]}
    status = given.get("status_code") or (call[3][1] if len(call[3]) > 1 else None)
    if status is None or status[0] != "attr" or status[3] != "status_code" or status[2][2:] != [name]:
        return False
    told = None in given or "headers" in given or len(call[3]) > 2 or any(item[0] == "star" for item in call[3])
    made = (option.name for option in options(ask(program, block, call[2])) if isinstance(option, External))
    return not told and any(map(RESPONSE.match, made))
