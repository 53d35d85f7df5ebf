"""Which functions answer requests, whether or not an application in sight has their routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.routers import HTTP_METHODS, Registration
from fastapi_seclint.program.values import Function, options

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KNOWN: WeakKeyDictionary[Program, frozenset[tuple[str, int]]] = WeakKeyDictionary()


def is_handler(program: Program, function: Function) -> bool:
    """Whether a function is the endpoint of a route, or is decorated as one."""
    if program not in _KNOWN:
        _KNOWN[program] = frozenset((*_registered(program), *_decorated(program)))
    return (function.module.file, function.number) in _KNOWN[program]


def _registered(program: Program) -> Iterator[tuple[str, int]]:
    for router in program.interpreter.routers:
        for entry in router.entries:
            for option in options(entry.endpoint) if isinstance(entry, Registration) else ():
                function = running(option)
                if function is not None:
                    yield function.module.file, function.number
    for route in program.routes:
        if route.function is not None:
            yield route.function.module.file, route.function.number


def _decorated(program: Program) -> Iterator[tuple[str, int]]:
    """Functions below `@anything.get("/path")`, whatever makes the object."""
    for module in program.modules.by_file.values():
        facts = module.facts
        if facts.decorators.isdisjoint(HTTP_METHODS):
            continue
        for number in sorted({MODULE, *(around for _, _, around in facts.functions)}):
            for form in facts.forms(number).of("def"):
                if any(_is_route(item) for item in form[6]):
                    yield module.file, form[2]


def _is_route(decorator: Form) -> bool:
    match decorator:
        case ["call", _, ["attr", _, _, name], [["const", _, str() as path], *_], _]:
            return name in HTTP_METHODS and path.startswith("/")
    return False
