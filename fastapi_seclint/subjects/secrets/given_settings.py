"""The fix of a fallback for a parameter that is given a setting: without it the function refuses to go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, callers, origins
from fastapi_seclint.subjects.code.reads import read_of
from fastapi_seclint.subjects.secrets.fallbacks import Fallback

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PLAIN = ("assign", "annassign", "return", "expr")


def of_parameter(program: Program, item: Fallback) -> tuple[Edit, ...] | None:
    """The edits for `secret or "text"`, where every caller gives a setting that it reads without a fallback.

    The refusal names the setting. None where a caller gives nothing, or something else.
    """
    given, function = item.whole[3][0], item.block.function
    if len(item.whole[3]) != 2 or given[0] != "name" or function is None:
        return None
    if all(parameter[0] != given[2] for parameter in function.parameters):
        return None
    names = {name for argument in _arguments(program, function, given[2]) for name in _settings(program, argument)}
    around = next((form for form in item.block.statements if any(item.whole is one for one in walk(form[2:]))), None)
    if len(names) != 1 or "" in names or around is None or around[0] not in _PLAIN:
        return None
    path, refusal = item.block.module.path, f'if not {given[2]}:\n    raise RuntimeError("{names.pop()} is not set")'
    return (
        InsertStatements(path, span_of(around[1]), "before", refusal),
        ReplaceExpression(path, span_of(item.whole[1]), str(given[2])),
    )


def _settings(program: Program, argument: tuple[Block, Form] | None) -> Iterator[str]:
    """The settings that an argument is read from; an empty name for everything else."""
    for origin in origins(program, *argument) if argument is not None else ():
        read = read_of(origin.form)
        yield read.name if read is not None and read.default is None and read.environment else ""
    if argument is None:
        yield ""


def _arguments(program: Program, function: Function, name: str) -> Iterator[tuple[Block, Form] | None]:
    """What the calls of a function, or of the class that it sets up, give for a parameter; None for nothing."""
    position = [parameter[0] for parameter in function.parameters].index(name)
    for block, call, bound in _calls(program, function):
        named = next((value for keyword, value, _ in call[4] if keyword == name), None)
        place = position - bound
        plain = place < len(call[3]) and not any(value[0] == "star" for value in call[3][: place + 1])
        form = named if named is not None else call[3][place] if plain else None
        yield (block, form) if form is not None else None


def _calls(program: Program, function: Function) -> Iterator[tuple[Block, Form, bool]]:
    owner = function.owner
    if owner is None or function.name != "__init__":
        yield from callers(program, function)
        return
    for block in program.sites.blocks(frozenset({owner.name})):
        for form in block.forms.of("call"):
            if last_name(form[2]) == owner.name:
                made = options(ask(program, block, form[2]))
                if any(isinstance(option, Class) and option is owner for option in made):
                    yield block, form, True
