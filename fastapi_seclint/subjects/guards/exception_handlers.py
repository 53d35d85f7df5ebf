"""The functions that turn the project's own exceptions into answers, by the classes that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Const, Function, Mapping, Value, iterate, options
from fastapi_seclint.subjects.code.loops import turns
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def exception_handlers(program: Program) -> Iterator[tuple[Class, Function]]:
    """Each class of exceptions of the project with the function that answers for it."""
    yield from ((cls, handler) for cls, handler in handled_classes(program) if handler is not None)


def handled_classes(program: Program) -> Iterator[tuple[Class, Function | None]]:
    """Each class of exceptions that something answers for, with the function, where that is known.

    Routes of fastapi-error-map are told which statuses stand for which: the text of the exception is the answer.
    """
    for answered, handler in registrations(program):
        if isinstance(answered, Class):
            yield answered, handler
    for route in program.routes:
        given = route.registration.arguments.get("error_map") if route.registration is not None else None
        for option in options(given):
            for key, _ in option.items if isinstance(option, Mapping) else ():
                if isinstance(key, Class):
                    yield key, None


def registrations(program: Program) -> Iterator[tuple[Value, Function | None]]:
    """What functions are registered for, a class of exceptions or a status, by decorator, call or the application.

    Each with the function, None where that is not known.
    """
    for block in program.sites.blocks(frozenset({"exception_handler", "add_exception_handler"})):
        for form in block.forms.every:
            match form:
                case ["def", _, number, _, _, _, decorators, _]:
                    made = program.sites.function(block.module, number)
                    if made is not None:
                        yield from ((one, made) for item in decorators for one in _asked_for(program, block, item))
                case ["call", _, ["attr", _, _, "add_exception_handler"], [given, handler, *_], _]:
                    yield from _registered(program, block, given, handler)
                case ["call", _, ["call", _, ["attr", _, _, "exception_handler"], [given, *_], _], [handler], _]:
                    yield from _registered(program, block, given, handler)
    for app in program.apps:
        for option in options(app.arguments.get("exception_handlers")):
            for key, handler in option.items if isinstance(option, Mapping) else ():
                yield from ((one, running(handler)) for one in options(key))


def _registered(program: Program, block: Block, given: Form, handler: Form) -> Iterator[tuple[Value, Function | None]]:
    values = (running(item) for item in options(ask(program, block, handler)))
    function = next((item for item in values if item is not None), None)
    yield from ((one, function) for one in _values(program, block, given))


def told_status(handler: Function) -> tuple[object, Form] | None:
    """The status that a handler's answer has from the function that made the handler, and the call with that answer.

    `add_exception_handler(NoToken, answering(401, "sign in"))`: the inner function of `answering` takes the exception.
    """
    kept = handler.scope.names if handler.scope.kind == "function" else {}
    for form in handler.forms.of("call") if kept else ():
        given = [value for keyword, value, _ in form[4] if keyword == "status_code"] or form[3][1:2]
        if last_name(form[2]).endswith("Response") and given and given[0][0] == "name":
            known = kept.get(given[0][2])
            return (known.value, form) if isinstance(known, Const) else None
    return None


def raised(program: Program, block: Block) -> set[str]:
    """The classes of the project that a block raises, with their bases, by their dotted names."""
    found: set[str] = set()
    for form in block.forms.of("raise"):
        made = form[2]
        if made is not None and made[0] == "call":
            made = made[2]
        for cls in _classes(program, block, made) if made is not None and made[0] in ("name", "attr") else ():
            found.update(base.dotted for base in cls.lineage() if isinstance(base, Class))
    return found


def _asked_for(program: Program, block: Block, decorator: Form) -> list[Value]:
    match decorator:
        case ["call", _, ["attr", _, _, "exception_handler"], [given, *_], _]:
            return _values(program, block, given)
    return []


def _classes(program: Program, block: Block, form: Form) -> list[Class]:
    return [value for value in _values(program, block, form) if isinstance(value, Class)]


def _values(program: Program, block: Block, form: Form) -> list[Value]:
    values = list(_each(program, block, form[2])) if form[0] == "name" else []
    return values or list(options(ask(program, block, form)))


def _each(program: Program, block: Block, name: str) -> Iterator[Value]:
    """All that the name of a loop stands for: a choice of values would keep the first of them only."""
    for iterable, number in turns(block, name):
        match iterable, number:
            case ["call", _, ["attr", _, kept, "items"], [], []], 0:
                yield from iterate(ask(program, block, kept)) or ()
            case _, None:
                yield from iterate(ask(program, block, iterable)) or ()
