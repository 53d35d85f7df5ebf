"""Loops over what is known, as a stranger's request meets them: each turn is walked by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Collection, Const, Mapping, Value, options, string

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_MOST = 40


def turns(walk_: Walk, target: Form, several: Form, body: list[Form]) -> list[dict[str, Value]]:
    """What the names of a loop are in each turn, where the path is known and so is all that it is compared with.

    Empty where something is not known, or a turn may be left before its end.
    """
    if walk_.stranger.path is None or any(form[0] in ("break", "continue") for form in walk(body)):
        return []
    found = [[item] for item in _items(walk_, several)] if target[0] == "name" else _pairs(walk_, several)
    names = [item[2] for item in ([target] if target[0] == "name" else target[2]) if item[0] == "name"]
    if not 0 < len(found) <= _MOST or any(len(values) != len(names) for values in found):
        return []
    return [dict(zip(names, values, strict=True)) for values in found]


def _items(walk_: Walk, several: Form) -> list[Value]:
    found = list(options(walk_.value(several)))
    if len(found) != 1 or not isinstance(found[0], Collection) or found[0].open:
        return []
    items = found[0].items
    return items if all(string(item) is not None for item in items) else []


def _pairs(walk_: Walk, several: Form) -> list[list[Value]]:
    """The keys and values of `RULES.items()`, the members of `[("/login", "POST"), ...]`."""
    match several:
        case ["call", _, ["attr", _, owner, "items"], [], []]:
            found = list(options(walk_.value(owner)))
            if len(found) == 1 and isinstance(found[0], Mapping) and not found[0].open:
                return [[key, value] for key, value in found[0].items if isinstance(key, Const)]
        case _:
            found = list(options(walk_.value(several)))
            if len(found) == 1 and isinstance(found[0], Collection) and not found[0].open:
                parts = [item.items for item in found[0].items if isinstance(item, Collection) and not item.open]
                return [list(part) for part in parts] if len(parts) == len(found[0].items) else []
    return []
