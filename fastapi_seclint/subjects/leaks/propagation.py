"""Whether an exception can get from where it is raised to where its text is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Place = tuple[str, int]
"""A file and the number of a function in it."""
_MOST = 300
"""How many functions are looked at; whoever has more on his way is believed to get there."""
_STARTING = frozenset({"lifespan", "on_startup", "on_shutdown"})


def gets_to(program: Program, block: Block, answering: set[Place]) -> bool:
    """Whether a function runs, as far as names tell, inside one of the functions that answer exceptions.

    A function is run by those that speak of its name. What a module itself names outside of a call may be run by
    anybody; what only starts the application is run by no request.
    """
    if block.function is None:
        return False
    seen: set[Place] = {(block.module.file, block.number)}
    pending = [block.function]
    while pending:
        name = _known_as(pending.pop())
        for module in program.modules.by_file.values():
            if name not in module.facts.words or program.is_test(module):
                continue
            for number in module.facts.speaking(f'"{name}"'.encode()):
                place = (module.file, number)
                if place in answering or (number == MODULE and _is_named(program, module, name)):
                    return True
                function = program.sites.function(module, number) if number != MODULE and place not in seen else None
                seen.add(place)
                pending += [] if function is None else [function]
        if len(seen) > _MOST:
            return True
    return (block.module.file, block.number) in answering


def _known_as(function: Function) -> str:
    """The name by which others run a function: a class's for what makes and calls its objects."""
    special = function.name.startswith("__") and function.owner is not None
    return function.owner.name if special and function.owner is not None else function.name


def _is_named(program: Program, module: Module, name: str) -> bool:
    """Whether a module itself names a function, other than to run it while it is imported or to start with it."""
    top = program.sites.top(module).forms
    aside = {id(form) for form in _run_or_started(top.of("call"))}
    return any(last_name(form) == name and id(form) not in aside for form in top.of("name", "attr"))


def _run_or_started(calls: list[Form]) -> Iterator[Form]:
    for call in calls:
        yield call[2]
        for keyword, value, _ in call[4]:
            if keyword in _STARTING:
                yield from walk(value)
