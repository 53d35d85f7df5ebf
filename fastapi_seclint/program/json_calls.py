"""What `json.loads` gives: of a text that stands in the code, alone or as the default of a setting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import (
    Arguments,
    Collection,
    Const,
    Environment,
    Mapping,
    Place,
    Value,
    join,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_LONGEST = 10_000
_DEEPEST = 20


def loads(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """The value of the text; None where it is not known. What a setting says may be something else than its default."""
    found: list[Value] = []
    for option in options(arguments.get("s", 0)):
        default = option.default if isinstance(option, Environment) else None
        text = default if default is not None else option
        if not isinstance(text, Const) or not isinstance(text.value, str) or len(text.value) > _LONGEST:
            return None
        try:
            parsed = json.loads(text.value)
        except (ValueError, RecursionError):
            return None
        found.append(_value(parsed, option.name if isinstance(option, Environment) else "", 0))
    return join(found) if found else None


def _value(parsed: object, setting: str, depth: int) -> Value:
    """A parsed value, which stands nowhere in the code; the parts of what a setting says are settings themselves."""
    if depth < _DEEPEST and isinstance(parsed, dict):
        return Mapping([(Const(key), _value(held, setting, depth + 1)) for key, held in parsed.items()])
    if depth < _DEEPEST and isinstance(parsed, list):
        items = [_value(item, "", depth + 1) for item in parsed]
        made: Value = Collection("list", items)
    else:
        made = Const(parsed if isinstance(parsed, str | int | float | bool) else None)
    return Environment(setting, made) if setting else made
