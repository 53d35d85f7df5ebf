"""The functions that turn the project's own exceptions into answers, by the classes that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Mapping, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def exception_handlers(program: Program) -> Iterator[tuple[Class, Function]]:
    """Each class of exceptions of the project with the function that answers for it."""
    for block in program.sites.blocks(frozenset({"exception_handler", "add_exception_handler"})):
        for form in block.forms.every:
            match form:
                case ["def", _, number, _, _, _, decorators, _]:
                    made = program.sites.function(block.module, number)
                    if made is not None:
                        yield from ((cls, made) for item in decorators for cls in _handled(program, block, item))
                case (
                    ["call", _, ["attr", _, _, "add_exception_handler"], [given, handler, *_], _]
                    | ["call", _, ["call", _, ["attr", _, _, "exception_handler"], [given, *_], _], [handler], _]
                ):
                    yield from _registered(program, block, given, handler)
    for app in program.apps:
        for option in options(app.arguments.get("exception_handlers")):
            for key, handler in option.items if isinstance(option, Mapping) else ():
                if isinstance(key, Class) and isinstance(handler, Function):
                    yield key, handler


def _registered(program: Program, block: Block, given: Form, handler: Form) -> Iterator[tuple[Class, Function]]:
    values = options(ask(program, block, handler))
    for function in [item for item in values if isinstance(item, Function)][:1]:
        yield from ((cls, function) for cls in _classes(program, block, given))


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


def _handled(program: Program, block: Block, decorator: Form) -> list[Class]:
    match decorator:
        case ["call", _, ["attr", _, _, "exception_handler"], [cls, *_], _]:
            return _classes(program, block, cls)
    return []


def _classes(program: Program, block: Block, form: Form) -> list[Class]:
    return [option for option in options(ask(program, block, form)) if isinstance(option, Class)]
