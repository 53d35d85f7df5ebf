"""Collections of keys that are made by splitting one setting, which leaves an empty key where nothing is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Environment, Value, options
from fastapi_seclint.subjects.code.origins import ask, written_at
from fastapi_seclint.subjects.secrets.presence import missing_of_setting

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_COPIES = frozenset({"list", "set", "tuple", "frozenset", "sorted"})
_STILL_EMPTY = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "encode", "casefold"})
_DEPTH = 5


def splits_nothing(program: Program, value: Value) -> bool:
    """Whether a container is a setting that was split and whose default is empty: `getenv("KEYS", "").split(",")`."""
    return any(_of_default(option) or _of_place(program, option, _DEPTH) for option in options(value))


def _of_default(option: Value) -> bool:
    """Whether a setting's default is what splitting an empty text gives, `[""]`."""
    if not isinstance(option, Environment) or option.default is None:
        return False
    items = getattr(option.default, "items", None)
    return bool(items) and all(isinstance(one, Const) and one.value == "" for one in items or ())


def _of_place(program: Program, option: Value, depth: int) -> bool:
    place = getattr(option, "place", None)
    found = written_at(program, place, ("call", "comp")) if place is not None and depth else None
    return found is not None and _is_split(program, *found, depth)


def _is_split(program: Program, block: Block, form: Form, depth: int) -> bool:
    """Whether an expression splits a setting that may be empty, and keeps the empty part."""
    match form:
        case ["call", _, ["attr", _, inner, "split"], [_], []]:
            return "" in missing_of_setting(program, block, inner)
        case ["call", _, ["name", _, called], [inner], []] if called in _COPIES:
            return _is_split(program, block, inner, depth)
        case ["call", _, ["name", _, "map"], [changed, inner], []] if last_name(changed) in _STILL_EMPTY:
            return _is_split(program, block, inner, depth)
        case ["comp", _, _, element, None, [[["name", _, name], inner, []]]]:
            while element[0] == "call" and element[2][0] == "attr" and element[2][3] in _STILL_EMPTY:
                element = element[2][2]
            return bool(element[0] == "name" and element[2] == name) and _is_split(program, block, inner, depth)
        case ["name" | "attr" | "call", *_]:
            values = options(ask(program, block, form))
            return any(_of_default(one) or _of_place(program, one, depth - 1) for one in values)
    return False
