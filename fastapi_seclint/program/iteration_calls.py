"""What Python's own functions over lists, iterators and ranges give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.program.builtin_methods import plain_arguments
from fastapi_seclint.program.values import (
    NONE,
    Arguments,
    Collection,
    Const,
    Environment,
    Mapping,
    Place,
    Unknown,
    Value,
    constant,
    iterate,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

Handler = Callable[["Interpreter", Arguments, Place], "Value | None"]


def length(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`len(value)`."""
    value = arguments.get("obj", 0)
    if isinstance(value, Collection | Mapping) and value.perhaps:
        return Environment("?", Const(0), place) if value.perhaps == "unlikely" else Unknown("a length", place)
    if isinstance(value, Collection | Mapping) and not value.open:
        return Const(len(value.items), place)
    if isinstance(value, Const) and isinstance(value.value, str | bytes):
        return Const(len(value.value), place)
    return Unknown("a length", place)


def all_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`all(items)`."""
    return _held(arguments, False, place)


def any_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`any(items)`."""
    return _held(arguments, True, place)


def _held(arguments: Arguments, deciding: bool, place: Place) -> Value:
    """Whether one item is what decides; unknown where none is and not all are known."""
    items = iterate(arguments.positional[0]) if arguments.positional else None
    found = None if items is None else [truth(item) for item in items]
    if found is None or (deciding not in found and None in found):
        return Unknown("a condition", place)
    return Const((deciding in found) is deciding, place)


def make_collection(kind: str) -> Handler:
    """`list(...)`, `tuple(...)`, `set(...)`."""

    def make(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
        if not arguments.positional:
            return Collection(kind, [], place=place)
        given = arguments.positional[0]
        if isinstance(given, Collection) and given.open:
            return Collection(kind, list(given.items), True, place, given.perhaps)
        items = iterate(given)
        return Collection(kind, items or [], items is None, place)

    return make


def in_order(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`sorted(items, reverse=...)`; what is sorted by a key, or not by constants, stays in its order."""
    items = iterate(arguments.positional[0]) if arguments.positional else None
    backwards = arguments.keywords.get("reverse", Const(False))
    if items and isinstance(backwards, Const) and "key" not in arguments.keywords:
        items = _sorted(items, bool(backwards.value))
    return Collection("list", items or [], items is None, place)


def _sorted(items: list[Value], backwards: bool) -> list[Value]:
    plain = [item for item in items if isinstance(item, Const)]
    texts = [(item.value, item) for item in plain if isinstance(item.value, str)]
    numbers = [(item.value, item) for item in plain if isinstance(item.value, int | float)]
    if len(texts) == len(items):
        return [item for _, item in sorted(texts, key=lambda pair: pair[0], reverse=backwards)]
    if len(numbers) == len(items):
        return [item for _, item in sorted(numbers, key=lambda pair: pair[0], reverse=backwards)]
    return items


def enumerated(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`enumerate(items, start)`."""
    items = iterate(arguments.positional[0]) if arguments.positional else None
    start = constant(arguments.get("start", 1))
    numbered = enumerate(items or [], start if type(start) is int else 0)
    pairs: list[Value] = [Collection("tuple", [Const(number), item]) for number, item in numbered]
    return Collection("list", pairs, items is None, place)


def zipped(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`zip(...)`."""
    columns = [iterate(value) for value in arguments.positional]
    known = [column for column in columns if column is not None]
    rows: list[Value] = [Collection("tuple", list(row)) for row in zip(*known, strict=False)]
    return Collection("list", rows if len(known) == len(columns) else [], len(known) != len(columns), place)


def ranged(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`range(...)`."""
    plain = plain_arguments(arguments)
    if plain and plain[0] and all(type(item) is int for item in plain[0]) and len(plain[0]) <= 3 and plain[0][-1] != 0:
        return Collection("list", [Const(number) for number in range(*plain[0])[:400]], place=place)
    return Unknown("a range", place)


def mapped(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`map(function, items)`."""
    from fastapi_seclint.program import calls

    if len(arguments.positional) != 2:
        return None
    items = iterate(arguments.positional[1])
    results = []
    for number, item in enumerate((items or [])[:100]):
        interpreter.context.append((place.at, number))
        results.append(calls.call(interpreter, arguments.positional[0], Arguments([item]), place))
        interpreter.context.pop()
    return Collection("list", results, items is None, place)


def chain(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`itertools.chain(...)`."""
    parts = [iterate(value) for value in arguments.positional]
    items = [item for part in parts for item in part or []]
    return Collection("list", items, arguments.open or None in parts, place)


def chain_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`itertools.chain.from_iterable(...)`."""
    parts = iterate(arguments.positional[0]) if arguments.positional else None
    return chain(interpreter, Arguments(parts or [], open=parts is None), place)


def filtered(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`filter(function, items)`."""
    from fastapi_seclint.program import calls

    test, items = arguments.get("function", 0), iterate(arguments.get("iterable", 1) or NONE)
    kept, complete = [], items is not None
    for item in (items or [])[:100]:
        plain = isinstance(test, Const)
        known = truth(item if plain or test is None else calls.call(interpreter, test, Arguments([item]), place))
        complete = complete and known is not None
        if known is not False:
            kept.append(item)
    return Collection("list", kept, not complete, place)


def turned(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`reversed(items)`."""
    items = iterate(arguments.positional[0]) if arguments.positional else None
    return Collection("list", (items or [])[::-1], items is None, place)


def next_item(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`next(items)`: the first one."""
    items = iterate(arguments.positional[0]) if arguments.positional else None
    if items is None:
        return None
    return items[0] if items else arguments.get("default", 1) or Unknown("the next of nothing", place)
