"""Operators: arithmetic, comparisons and texts of abstract values, and conditions over the worlds that are possible."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastapi_seclint.program.values import (
    MAX_ITEMS,
    MAX_TEXT,
    NONE,
    Annotated,
    Arguments,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Generic,
    Instance,
    Mapping,
    Place,
    Text,
    Unknown,
    Value,
    join,
    options,
    same,
    truth,
)

if TYPE_CHECKING:
    pass

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_LARGEST_POWER = 64
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_JOINING = {"set": "|"}
"""The operator that puts two collections of a kind together, where it is not `+`."""


def binary(symbol: str, left: Value, right: Value, place: Place) -> Value:
    """The result of an operator; choices multiply, unknown parts of strings stay as holes."""
    left, right = plain_member(left), plain_member(right)
    if symbol == "|" and _is_type(left) and _is_type(right):
        return Generic("typing.Union", [left, right], place)
    lefts, rights = list(options(left)), list(options(right))
    if len(lefts) * len(rights) > 1:
        if len(lefts) * len(rights) > 16:
            return Unknown("too many possible values", place)
        return join([binary(symbol, one, other, place) for one in lefts for other in rights])
    if isinstance(left, Collection) and isinstance(right, Collection) and symbol == _JOINING.get(left.kind, "+"):
        items = [*left.items, *right.items]
        return Collection(left.kind, items[:MAX_ITEMS], left.open or right.open or len(items) > MAX_ITEMS, place)
    if symbol == "+" and (joined := _list_with_unknown(left, right, place)) is not None:
        return joined
    if symbol == "*" and isinstance(left, Collection) and isinstance(right, Const) and type(right.value) is int:
        items = left.items * min(max(right.value, 0), MAX_ITEMS)
        return Collection(left.kind, items[:MAX_ITEMS], left.open or len(items) > MAX_ITEMS, place)
    if symbol == "%" and isinstance(left, Const) and isinstance(right, Collection) and right.kind == "tuple":
        known = [item.value for item in right.items if isinstance(item, Const)]
        if isinstance(left.value, str) and "*" not in left.value and len(known) == len(right.items) and not right.open:
            return _arithmetic(symbol, left.value, tuple(known), place)
    if symbol == "|" and isinstance(left, Mapping) and isinstance(right, External):
        overlaid = Mapping(list(left.items), left.open, place)
        overlaid.overlay()
        return overlaid
    if symbol == "|" and isinstance(left, Mapping) and isinstance(right, Mapping):
        merged = Mapping(list(left.items), left.open or right.open, place)
        for key, value in right.items:
            merged.set(key, value)
        return merged
    if isinstance(left, Const) and isinstance(right, Const):
        return _arithmetic(symbol, left.value, right.value, place)
    if isinstance(left, Environment) or isinstance(right, Environment):
        return _environment_binary(symbol, left, right, place)
    if symbol == "+" and (_textual(left) or _textual(right)):
        return text([*_parts(left), *_parts(right)], place)
    if symbol == "/" and isinstance(left, External) and "pathlib" in left.name:
        return External("pathlib.Path()", Arguments([left, right]), left, place)
    if isinstance(left, External) or isinstance(right, External):
        return External(f"operator {symbol}", Arguments([left, right]), None, place)
    return Unknown("computed from something unknown", place)


def _list_with_unknown(left: Value, right: Value, place: Place) -> Value | None:
    """A list and something unknown put together: what the list has is in it, and perhaps more."""
    for known, other in ((left, right), (right, left)):
        if isinstance(known, Collection) and isinstance(other, Unknown | External):
            return Collection(known.kind, list(known.items), True, place)
    return None


_PLAIN = frozenset({"enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "builtins.int", "builtins.str", "builtins.float"})


def plain_member(value: Value) -> Value:
    """The number or text that a member of an `IntEnum` or a `StrEnum` is."""
    if isinstance(value, Instance) and "value" in value.attributes and isinstance(value.cls, Class):
        return value.attributes["value"] if _PLAIN & set(value.cls.external_bases()) else value
    return value


def _is_there(value: Value) -> bool:
    """Whether something of a library is no None: its functions, classes and their objects, not what calls give."""
    if not isinstance(value, External):
        return False
    owner, _, last = value.name.removesuffix("()").rpartition(".")
    return "()" not in owner and (not value.called or last[:1].isupper())


def _environment_binary(symbol: str, left: Value, right: Value, place: Place) -> Value:
    name = left.name if isinstance(left, Environment) else right.name if isinstance(right, Environment) else ""
    one = left.default if isinstance(left, Environment) else left
    other = right.default if isinstance(right, Environment) else right
    default = binary(symbol, one, other, place) if one is not None and other is not None else None
    return Environment(name, default, place)


def _is_type(value: Value) -> bool:
    if isinstance(value, Const):
        return value.value is None
    if isinstance(value, External):
        return not value.called
    return isinstance(value, Class | Generic | Annotated)


def _arithmetic(symbol: str, left: Any, right: Any, place: Place) -> Value:
    operation = _ARITHMETIC.get(symbol)
    if operation is None or _too_large(symbol, left, right):
        return Unknown("computed", place)
    try:
        result = operation(left, right)
    except (TypeError, ValueError, ArithmeticError, KeyError, MemoryError):
        return Unknown("an operation that fails", place)
    return Const(result, place) if isinstance(result, str | bytes | int | float | bool) else Unknown("computed", place)


def _too_large(symbol: str, left: Any, right: Any) -> bool:
    """Whether an operation would make a string or number larger than set-up code does."""
    texts = [value for value in (left, right) if isinstance(value, str | bytes)]
    if symbol == "**":
        small = isinstance(right, int) and abs(right) <= _LARGEST_POWER
        return not small or not (isinstance(left, float) or (isinstance(left, int) and left.bit_length() < 512))
    if not texts:
        return any(isinstance(value, int) and value.bit_length() > 512 for value in (left, right))
    if symbol == "*":
        others = [value for value in (left, right) if isinstance(value, int)]
        return not others or len(texts[0]) * max(others[0], 0) > MAX_TEXT
    wide = symbol == "%" and isinstance(left, str) and re.search(r"%[^a-zA-Z%]*\d{3,}", left) is not None
    return wide or sum(map(len, texts)) > MAX_TEXT


def _textual(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str))


def _parts(value: Value) -> list[str | Value]:
    if isinstance(value, Text):
        return value.parts
    if isinstance(value, Const) and value.value is not None and not isinstance(value.value, bytes):
        return [str(value.value)]
    return [value]


def text(parts: list[str | Value], place: Place | None) -> Value:
    """A string put together from known and unknown parts."""
    merged: list[str | Value] = []
    for part in parts:
        if isinstance(part, Const) and not isinstance(part.value, bytes):
            part = str(part.value)
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if sum(len(part) for part in merged if isinstance(part, str)) > MAX_TEXT or len(merged) > MAX_ITEMS:
        return Unknown("a very long text", place)
    if all(isinstance(part, str) for part in merged):
        return Const("".join(str(part) for part in merged), place)
    return Text(merged, place)


def condition(answers: list[bool | None], place: Place, operands: Sequence[Value] = ()) -> Value:
    """A condition on operands that holds or not in the worlds that are possible, the likeliest first."""
    configured = any(isinstance(option, Environment) for operand in operands for option in options(operand))
    reason = CONFIGURED if configured or any(map(is_configured_condition, operands)) else "a condition"
    if not answers:
        return Unknown(reason, place)
    return join([Unknown(reason, place) if answer is None else Const(answer, place) for answer in answers])


CONFIGURED = "a condition that the configuration decides"


def is_configured_condition(value: Value) -> bool:
    """Whether a value is a condition that the configuration decides, and it is known what it is by default."""
    found = list(options(value))
    asked = any(isinstance(option, Unknown) and option.reason == CONFIGURED for option in found[1:])
    return asked and isinstance(found[0], Const)


def worlds(value: Value) -> list[Value]:
    """The values it may be; an environment read or the command line is its default first, then anything."""
    found: list[Value] = []
    for option in options(value):
        if isinstance(option, Environment):
            default = NONE if option.default is None and option.optional else option.default
            found += [*(worlds(default) if default is not None else []), Unknown("configured")]
        elif isinstance(option, External) and option.name == "sys.argv":
            found += [Collection("list", []), Unknown("given on the command line")]
        else:
            found.append(option)
    return found[:8]


def has_key(mapping: Mapping, key: Value) -> bool | None:
    """Whether a dictionary has a key by now, while the program is set up: `if name in _made: return _made[name]`."""
    held = [same(key, known) for known, _ in mapping.items]
    if True in held:
        return None if mapping.perhaps else True
    return None if None in held or mapping.open else False


def decide(symbol: str, left: Value, right: Value) -> bool | None:
    """Whether a comparison of two values holds; None when that is not known."""
    if symbol in ("is", "is not") and isinstance(right, Const) and right.value is None:
        if isinstance(left, Const):
            return (left.value is None) is (symbol == "is")
        known = isinstance(left, Function | Class | Collection | Mapping) or truth(left) is True or _is_there(left)
        return symbol == "is not" if known else None
    if symbol in ("in", "not in") and isinstance(right, Collection) and not right.open:
        held = [same(left, item) for item in right.items]
        if True in held:
            return symbol == "in"
        return None if None in held else symbol == "not in"
    match symbol, left, right:
        case "in" | "not in", Const(str() as part), Const(str() as whole):
            return (part in whole) is (symbol == "in")
    if symbol in ("==", "!=", "is", "is not"):
        equal = same(left, right)
        return None if equal is None else equal is (symbol in ("==", "is"))
    if isinstance(left, Const) and isinstance(right, Const) and symbol in _COMPARISONS:
        try:
            return bool(_COMPARISONS[symbol](left.value, right.value))
        except TypeError:
            return None
    return None
