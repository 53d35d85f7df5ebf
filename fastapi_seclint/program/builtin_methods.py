"""What methods of strings, lists, dictionaries and settings give, as far as set-up code needs them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi_seclint.program.operators import text
from fastapi_seclint.program.values import (
    MAX_ITEMS,
    MAX_TEXT,
    NONE,
    Arguments,
    Choice,
    Class,
    Collection,
    Const,
    Dependency,
    Environment,
    Function,
    Instance,
    Mapping,
    Place,
    Text,
    Unknown,
    Value,
    constant,
    iterate,
    join,
    options,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def call_method(interpreter: Interpreter, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value:
    """What a method of a string, list, dictionary or setting gives."""
    if isinstance(receiver, Const):
        return _on_constant(receiver, name, arguments, place)
    if isinstance(receiver, Environment):
        default = None
        if receiver.default is not None:
            default = join(
                [call_method(interpreter, option, name, arguments, place) for option in options(receiver.default)]
            )
        return Environment(receiver.name, default, place)
    if interpreter.rehearsal is not None:
        interpreter.rehearsal.changes(receiver)
    if isinstance(receiver, Collection | Mapping) and name in _ADDING:
        mark(interpreter, receiver)
    if isinstance(receiver, Collection):
        if interpreter.unlikely and name in ("append", "insert"):
            value = _perhaps(arguments.positional[-1], interpreter.against > 0) if arguments.positional else NONE
            arguments = Arguments([*arguments.positional[:-1], value])
        if name == "pop" and not interpreter.uncertain and (taken := _take(receiver, arguments)) is not None:
            return taken
        return _on_collection(receiver, name, arguments, place)
    if isinstance(receiver, Mapping):
        before = list(receiver.items) if interpreter.unlikely and name == "update" else []
        found = on_mapping(receiver, name, arguments, place)
        keep_possible(receiver, before)
        key = string(arguments.positional[0]) if name == "pop" and arguments.positional else None
        if key is not None and not interpreter.uncertain:
            receiver.items[:] = [item for item in receiver.items if string(item[0]) != key]
        if name == "clear":
            _clear(interpreter, receiver)
        return found
    if isinstance(receiver, Text) and name in ("lower", "upper", "strip", "rstrip", "lstrip", "format", "replace"):
        return receiver
    return Unknown(f"the result of {name}", place)


def _clear(interpreter: Interpreter, holder: Mapping) -> None:
    """Nothing is left in a dictionary, or perhaps nothing in a branch that may not be taken."""
    if interpreter.uncertain:
        holder.perhaps = holder.perhaps or "unknown"
    else:
        holder.items[:], holder.open, holder.perhaps = [], False, ""


_ADDING = frozenset({"append", "insert", "add", "extend", "update", "setdefault"})


def mark(interpreter: Interpreter, holder: Collection | Mapping) -> None:
    """Note how sure it is that a list or dictionary holds something once what is added now is in it."""
    if not interpreter.uncertain:
        holder.perhaps = ""
    elif not holder.items and not holder.open:
        holder.perhaps = "unlikely" if interpreter.against else "unknown"


_PURE = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
     "startswith", "endswith", "format", "encode", "decode", "zfill", "join", "split", "rsplit", "splitlines",
     "partition", "rpartition", "count", "find", "isdigit", "casefold"}
)  # fmt: skip

_SAME = frozenset({"encode", "decode", "strip"})
"""Methods whose result is the same text all the same: it stands where the text was written."""


def _on_constant(receiver: Const, name: str, arguments: Arguments, place: Place) -> Value:
    if name == "join" and isinstance(receiver.value, str) and len(arguments.positional) == 1:
        return _join(receiver.value, arguments.positional[0], place)
    plain = plain_arguments(arguments)
    if name not in _PURE or plain is None or not isinstance(receiver.value, str | bytes):
        return Unknown(f"the result of {name}", place)
    if _grows(name, receiver.value, plain[0]):
        return Unknown(f"the result of {name}", place)
    try:
        result = getattr(receiver.value, name)(*plain[0], **plain[1])
    except (TypeError, ValueError, LookupError, AttributeError):
        return Unknown(f"{name} fails", place)
    return lift(result, receiver.place or place if name in _SAME else place)


def _grows(name: str, receiver: str | bytes, given: list[Any]) -> bool:
    """Whether a method could give a much longer string than it was given."""
    if name == "format":
        wide = re.search(r"\d{4,}", receiver) if isinstance(receiver, str) else True
        return bool(wide) or any(isinstance(item, str) and len(item) > 2000 for item in given)
    if name == "replace":
        return (
            len(receiver) * max((len(item) for item in given[1:2] if isinstance(item, str | bytes)), default=1)
            > MAX_TEXT
        )
    return name == "zfill" or len(receiver) > MAX_TEXT


def _join(separator: str, value: Value, place: Place) -> Value:
    if isinstance(value, Collection) and (not value.open or any(isinstance(item, Text) for item in value.items)):
        parts: list[str | Value] = []
        for number, item in enumerate(value.items):
            parts += [separator, item] if number else [item]
        if value.open:
            parts += [separator, Unknown("more of the same", place)]
        return text(parts, place)
    return Unknown("joined from something unknown", place)


def lift(result: Any, place: Place) -> Value:
    """A Python value as an abstract one."""
    if isinstance(result, str | bytes | bool | int | float) or result is None:
        return Const(result, place)
    if isinstance(result, list | tuple):
        kind = "list" if isinstance(result, list) else "tuple"
        return Collection(kind, [lift(item, place) for item in result], place=place)
    return Unknown("computed", place)


def plain_arguments(arguments: Arguments) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments as Python constants, by position and by name; None when one of them is no constant."""
    values = [*arguments.positional, *arguments.keywords.values()]
    if arguments.open or not all(isinstance(value, Const) for value in values):
        return None
    positional = [value.value for value in arguments.positional if isinstance(value, Const)]
    return positional, {key: value.value for key, value in arguments.keywords.items() if isinstance(value, Const)}


def _perhaps(value: Value, against_default: bool) -> Value:
    """A dependency that only some configurations add to a list; the first option is that of the default one."""
    if not isinstance(value, Dependency):
        return value
    return Choice([NONE, value] if against_default else [value, NONE])


def _on_collection(receiver: Collection, name: str, arguments: Arguments, place: Place) -> Value:
    given = arguments.positional
    if name in ("append", "add") and given:
        receiver.items.append(given[0])
    elif name == "insert" and len(given) == 2:
        receiver.items.insert(0, given[1])
    elif name in ("extend", "update") and given:
        found = iterate(given[0])
        room = MAX_ITEMS - len(receiver.items)
        receiver.open = receiver.open or found is None or len(found) > room
        receiver.items.extend((found or [])[: max(room, 0)])
    elif name == "copy":
        return Collection(receiver.kind, list(receiver.items), receiver.open, place)
    elif name == "pop" and receiver.items:
        return receiver.items[-1]
    elif name in ("remove", "clear", "discard", "pop"):
        receiver.open = True
    return NONE


def _take(receiver: Collection, arguments: Arguments) -> Value | None:
    """What `pop` takes out of a list whose items are all known."""
    at = constant(arguments.get("index", 0)) if arguments.positional else -1
    if receiver.open or type(at) is not int or not -len(receiver.items) <= at < len(receiver.items):
        return None
    return receiver.items.pop(at)


def _held(mapping: Mapping, key: Value) -> Value | None:
    """The last value under an object that is a key itself, as a class or a function is."""
    return next((value for name, value in reversed(mapping.items) if name is key), None)


def keep_possible(mapping: Mapping, before: list[tuple[Value, Value]]) -> None:
    """Let what a dictionary had `before` a branch that may not be taken stay possible under the keys set there."""
    held = {key.value: value for key, value in before if isinstance(key, Const)}
    for number, (key, value) in enumerate(mapping.items if held else ()):
        old = held.get(key.value) if isinstance(key, Const) else None
        if old is not None and old is not value:
            mapping.items[number] = (key, join([old, value]))


def _pairs(value: Value) -> list[tuple[Value, Value]] | None:
    """The keys and values that a list of pairs gives a dictionary; None where they are not all known."""
    if not isinstance(value, Collection) or value.open or value.perhaps:
        return None
    found = [item.items for item in value.items if isinstance(item, Collection) and not item.open]
    plain = len(found) == len(value.items) and all(len(items) == 2 for items in found)
    return [(items[0], items[1]) for items in found] if plain else None


def on_mapping(receiver: Mapping, name: str, arguments: Arguments, place: Place) -> Value:
    """What a method of a dictionary gives and does to it."""
    given = arguments.positional
    if name in ("get", "pop", "setdefault") and given:
        key = constant(given[0])
        found = receiver.get(key) if key is not None else _held(receiver, given[0])
        if found is not None:
            return found
        other = key is None and not isinstance(given[0], Class | Function | Instance)
        if other and receiver.items:
            return Choice([value for _, value in receiver.items])
        if other and name != "setdefault":
            return Unknown("an item of what is still empty", place)
        default = given[1] if len(given) > 1 else NONE
        if name == "setdefault":
            receiver.set(given[0], default)
        return Unknown("an item that may be missing", place) if receiver.open else default
    if name == "items":
        pairs: list[Value] = [Collection("tuple", [key, value]) for key, value in receiver.items]
        return Collection("list", pairs, receiver.open, place)
    if name == "keys":
        return Collection("list", [key for key, _ in receiver.items], receiver.open, place)
    if name == "values":
        return Collection("list", [value for _, value in receiver.items], receiver.open, place)
    if name == "copy":
        return Mapping(list(receiver.items), receiver.open, place)
    if name == "update":
        for option in options(given[0] if given else None):
            if isinstance(option, Mapping):
                for key_value, value in option.items:
                    receiver.set(key_value, value)
            elif (listed := _pairs(option)) is not None:
                for key_value, value in listed:
                    receiver.set(key_value, value)
            else:
                receiver.overlay()
        for keyword, value in arguments.keywords.items():
            receiver.set(Const(keyword), value)
    return NONE
