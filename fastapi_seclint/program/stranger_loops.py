"""Loops over what is known, as a stranger's request meets them: each turn is walked by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import (
    Bound,
    Choice,
    Class,
    Collection,
    Const,
    Function,
    Instance,
    Mapping,
    Partial,
    Value,
    options,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_MOST = 40


def turns(walk_: Walk, target: Form, several: Form, body: list[Form]) -> list[dict[str, Value]]:
    """What the names of a loop are in each turn, where the path is known and so is all that it is compared with.

    A loop over functions, classes or objects of the project that it calls does what they do: `for check in CHECKS`.
    Empty where something is not known, or a turn may be left before its end.
    """
    if any(form[0] in ("break", "continue") for form in walk(body)):
        return []
    if target[0] == "name" and (called := called_in_turn(walk_, several)):
        return [{target[2]: item} for item in called]
    if target[0] == "tuple" and (beside := _called_beside(walk_, target, several)):
        return beside
    if walk_.stranger.path is None:
        return []
    found = [[item] for item in _items(walk_, several)] if target[0] == "name" else _pairs(walk_, several)
    names = [item[2] for item in ([target] if target[0] == "name" else target[2]) if item[0] == "name"]
    if not 0 < len(found) <= _MOST or any(len(values) != len(names) for values in found):
        return []
    return [dict(zip(names, values, strict=True)) for values in found]


def called_in_turn(walk_: Walk, several: Form) -> list[Value]:
    """The items of a known list that are all of the project, and can be called or asked for a method."""
    found = list(options(walk_.value(several)))
    if len(found) != 1 or not isinstance(found[0], Collection) or found[0].open or len(found[0].items) > _MOST:
        return []
    known = [next(options(item), None) for item in found[0].items if not isinstance(item, Choice)]
    whole = len(known) == len(found[0].items) and all(map(runs_code, known))
    return found[0].items if whole else []


def _called_beside(walk_: Walk, target: Form, several: Form) -> list[dict[str, Value]]:
    """The same for what is named or numbered: `for name, check in CHECKS.items()`, `enumerate(CHECKS)`."""
    match several:
        case ["call", _, ["name", _, "enumerate"], [inner], []]:
            last = target[2][-1]
            return [{last[2]: item} for item in called_in_turn(walk_, inner)] if last[0] == "name" else []
    names = [item[2] for item in target[2] if item[0] == "name"]
    found = [pair for pair in _pairs(walk_, several) if len(pair) == len(names) == len(target[2])]
    whole = 0 < len(found) <= _MOST and all(runs_code(next(options(pair[-1]), None)) for pair in found)
    return [dict(zip(names, pair, strict=True)) for pair in found] if whole else []


def runs_code(value: Value | None) -> bool:
    """Whether a value is code of the project, or an object with some."""
    if isinstance(value, Instance):
        return value.native is None and isinstance(value.cls, Class)
    return isinstance(value, Function | Class | Bound | Partial)


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
