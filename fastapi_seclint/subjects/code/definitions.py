"""The `def` statement that a function of the project was made by, for its decorators and their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import Form

if TYPE_CHECKING:
    from fastapi_seclint.program.modules import Module
    from fastapi_seclint.program.values import Function

_KNOWN: WeakKeyDictionary[Module, dict[int, Form]] = WeakKeyDictionary()


def definition(function: Function) -> Form | None:
    """The `def` form of a function; None for a lambda."""
    return definitions(function.module).get(function.number)


def decorators_of(function: Function) -> list[Form]:
    """The decorators above a function, top first."""
    form = definition(function)
    return list(form[6]) if form is not None else []


def definitions(module: Module) -> dict[int, Form]:
    """The `def` forms of a file by the functions' numbers."""
    if module not in _KNOWN:
        facts = module.facts
        bodies = [facts.module]
        bodies += [
            facts.body(number) for number in range(len(facts.functions)) if facts.body_mentions(number, b'["def"')
        ]
        _KNOWN[module] = {form[2]: form for body in bodies for form in _defs(body)}
    return _KNOWN[module]


def _defs(statements: list[Form]) -> Iterator[Form]:
    for statement in statements:
        if statement[0] == "def":
            yield statement
        elif statement[0] == "class":
            yield from _defs(statement[6])
        else:
            for block in blocks(statement):
                yield from _defs(block)
