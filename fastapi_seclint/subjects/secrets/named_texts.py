"""Texts that a test compares with by a name of another file: `if self.secret_key == config.UNSET`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Class, Collection, Const, ModuleValue, Value, options
from fastapi_seclint.subjects.secrets.names import kind_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def texts_elsewhere(program: Program, module: Module, test: Form) -> tuple[str, ...]:
    """The texts behind constants that files or classes of the project have; not what a name of a secret stands for."""
    found: list[str] = []
    for form in walk(test):
        if form[0] == "compare" and form[3][0] in ("==", "in"):
            sides = (side for side in (form[2], form[4][0]) if side[0] in ("name", "attr"))
            for side in sides:
                if not kind_of(str(side[-1]).lower()) and _is_constant(program, module, side):
                    found += _texts(program.interpreter.ask(side, module.scope))
    return tuple(found)


def _is_constant(program: Program, module: Module, side: Form) -> bool:
    """Whether a name is one of the file, an imported one say, or an attribute of a file or a class of the project."""
    if side[0] == "name":
        return side[2] in module.scope.names
    if side[2][0] != "name":
        return False
    owners = options(program.interpreter.ask(side[2], module.scope))
    return any(isinstance(option, ModuleValue | Class) for option in owners)


def _texts(value: Value) -> Iterator[str]:
    for option in options(value):
        if isinstance(option, Const) and isinstance(option.value, str) and option.value:
            yield option.value
        elif isinstance(option, Collection):
            yield from (text for item in option.items for text in _texts(item))
