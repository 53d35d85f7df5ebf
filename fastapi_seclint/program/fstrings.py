"""What f-strings are: known parts put together, each as its conversion and its format say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.operators import text
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import Class, Const, Environment, Instance, Place, Unknown, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_CONVERSIONS: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}
_WIDE = re.compile(r"\d{4,}")


def fstring(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """The text of an `fstr` form; what is made of environment reads alone is one with that text as its default."""
    parts: list[str | Value] = []
    place = Place(scope.module, form[1])
    read: list[str] = []
    for part in form[2]:
        if part[0] == "const":
            parts.append(str(part[2]))
        else:
            value = interpreter.evaluate(part[2], scope)
            read += [option.name for option in options(value) if isinstance(option, Environment)]
            parts.append(_shown(value, part[3], place))
    made = text(parts, place)
    return Environment(read[0], made, place) if read and isinstance(made, Const) else made


def _shown(value: Value, how: str, place: Place) -> str | Value:
    """A value as a replacement field shows it: `how` is its conversion and, after a colon, its format."""
    if isinstance(value, Environment) and value.default is not None:
        return _shown(value.default, how, place)
    if isinstance(value, Instance) and "value" in value.attributes and isinstance(value.cls, Class):
        return _shown(value.attributes["value"], how, place)
    if not isinstance(value, Const) or isinstance(value.value, bytes):
        return value
    conversion, _, specification = how.partition(":")
    if "{" in specification or _WIDE.search(specification):
        return Unknown("a format that is made at run time", place)
    try:
        return format(_CONVERSIONS.get(conversion, lambda item: item)(value.value), specification)
    except (TypeError, ValueError):
        return Unknown("a format that fails", place)
