"""Questions about abstract values: which they may be, whether they are true, whether they are equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi_seclint.program.values.classes import (
    Choice,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    Unknown,
    Value,
)
from fastapi_seclint.program.values.standing import Annotated, Bound, Dependency, ModuleValue, Partial


def options(value: Value | None) -> Iterator[Value]:
    """The values it may be: those of a choice, else itself; nothing for None."""
    if isinstance(value, Choice):
        return _chosen(value)
    return iter(() if value is None else (value,))


def _chosen(value: Choice) -> Iterator[Value]:
    pending: list[Value] = [value]
    while pending:
        item = pending.pop(0)
        if isinstance(item, Choice):
            pending[:0] = item.options
        else:
            yield item


def settled(value: Value | None) -> Iterator[Value]:
    """The values it may be when nothing is configured: like `options`, environment reads replaced by their defaults."""
    for item in options(value):
        if isinstance(item, Environment):
            if item.default is not None:
                yield from settled(item.default)
        else:
            yield item


def join(values: Sequence[Value]) -> Value:
    """One value for several possible ones; equal constants and identical objects fall together."""
    kept: list[Value] = []
    seen: set[Any] = set()
    for value in values:
        for item in options(value):
            key = (type(item.value).__name__, item.value) if isinstance(item, Const) else id(item)
            if key not in seen:
                seen.add(key)
                kept.append(item)
    if len(kept) == 1:
        return kept[0]
    return Choice(kept[:24]) if kept else Unknown("no value")


def constant(value: Value | None) -> Any:
    """The Python constant that a value is, through environment defaults; None also when it is not one."""
    found = list(settled(value))
    return found[0].value if len(found) == 1 and isinstance(found[0], Const) else None


def string(value: Value | None) -> str | None:
    """The string that a value is, through environment defaults, or None."""
    found = constant(value)
    return found if isinstance(found, str) else None


def truth(value: Value) -> bool | None:
    """Whether a value is true: yes, no, or None when it depends on something unknown."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, Collection | Mapping):
        if value.items:
            return None if value.perhaps else True
        return None if value.open else False
    if isinstance(value, Function | Class | Instance | Bound | ModuleValue | Dependency | Annotated | Partial):
        return True
    if isinstance(value, Choice):
        answers = {truth(option) for option in value.options}
        return answers.pop() if len(answers) == 1 else None
    return None


def likely(value: Value) -> bool | None:
    """Whether a value is true in the default configuration; None when not even that is known."""
    for option in options(value):
        if isinstance(option, Environment):
            if option.default is None:
                return False if option.optional else None
            return likely(option.default)
        if isinstance(option, Collection | Mapping) and option.perhaps == "unlikely":
            return False
        return truth(option)
    return None


def bare_type(annotation: Value | None) -> Value | None:
    """The type that an annotation says, without what `Annotated` puts beside it."""
    return annotation.base if isinstance(annotation, Annotated) else annotation


def is_none(value: Value) -> bool:
    """Whether a value can be nothing but None."""
    return all(isinstance(option, Const) and option.value is None for option in options(value))


def can_be_none(value: Value | None) -> bool:
    """Whether None is among what a value can be."""
    return any(isinstance(option, Const) and option.value is None for option in options(value))


def is_key(value: Value) -> bool:
    """Whether a value is one certain key of a dictionary: a constant, or a member of an enumeration."""
    if not isinstance(value, Instance):
        return isinstance(value, Const)
    bases = value.cls.external_bases() if isinstance(value.cls, Class) else []
    return isinstance(value.attributes.get("name"), Const) and any(base.startswith("enum.") for base in bases)


def same(left: Value, right: Value, depth: int = 0) -> bool | None:
    """Whether two settled values are equal: constants by value, members of enumerations by class and name."""
    if isinstance(left, Const) and isinstance(right, Const):
        return left.value == right.value
    if isinstance(left, Instance) and isinstance(right, Instance) and left.cls is right.cls:
        names = (left.attributes.get("name"), right.attributes.get("name"))
        if all(isinstance(name, Const) for name in names):
            return bool(constant(names[0]) == constant(names[1]))
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Instance) and "value" in one.attributes and isinstance(other, Const):
            return same(one.attributes["value"], other)
    if isinstance(left, Function | Class) and isinstance(right, Function | Class):
        return left is right
    if isinstance(left, Collection) and isinstance(right, Collection):
        return _same_items(left, right, depth)
    if isinstance(left, External) and isinstance(right, External) and left.name.startswith("inspect.Parameter"):
        return left.name.rpartition(".")[2] == right.name.rpartition(".")[2].removeprefix("_")
    return None


_NESTED = 3
"""How deep lists are compared: deeper ones may hold themselves."""


def _same_items(left: Collection, right: Collection, depth: int) -> bool | None:
    """Whether two tuples, lists or sets are equal; None unless all that is in them is known."""
    if left is right:
        return True
    if depth > _NESTED or left.open or right.open or left.perhaps or right.perhaps or left.kind != right.kind:
        return None
    if left.kind == "set":
        pairs = [{same(one, other, depth + 1) for other in right.items} for one in left.items]
        answers = {True if True in found else None if None in found else False for found in pairs}
        answers |= {False} if len(right.items) > len(left.items) and None not in answers else set()
    elif len(left.items) != len(right.items):
        return False
    else:
        answers = {same(one, other, depth + 1) for one, other in zip(left.items, right.items, strict=True)}
    return False if False in answers else None if None in answers else True


HANDED_UP = "super().__init__"
"""Where an object of a middleware keeps what its `__init__` hands to that of its library, as a call."""
ITEMS = "__iter__"
"""The attribute under which an object of a library keeps what a loop over it goes through."""


def iterate(value: Value) -> list[Value] | None:
    """The items a loop over the value goes through, or None when they are not all known."""
    if isinstance(value, Collection):
        return None if value.open else list(value.items)
    if isinstance(value, Mapping):
        return None if value.open else [key for key, _ in value.items]
    if isinstance(value, Const) and isinstance(value.value, str) and len(value.value) < 100:
        return [Const(letter) for letter in value.value]
    if isinstance(value, Environment) and value.default is not None:
        return iterate(value.default)
    if isinstance(value, Instance) and isinstance(held := value.attributes.get(ITEMS), Collection):
        return iterate(held)
    if isinstance(value, Instance) and value.arguments is not None and isinstance(value.cls, Class):
        return _parts(value, value.cls)
    if isinstance(value, Class):
        members: list[Value] = [
            Instance(value, {"value": member, "name": Const(name)})
            for name, member in value.namespace.items()
            if not name.startswith("_") and not isinstance(member, Function | Class)
        ]
        return members if any(base.startswith("enum.") for base in value.external_bases()) else None
    if isinstance(value, Choice):
        known = [items for option in value.options if (items := iterate(option)) is not None]
        every = [each for items in known for each in items]
        return every if every or len(known) == len(value.options) else None
    return None


def _parts(value: Instance, cls: Class) -> list[Value] | None:
    """The fields of a named tuple, in order; None for other objects, and where one is not known."""
    if "typing.NamedTuple" not in cls.external_bases():
        return None
    found = [value.attributes.get(name, default) for name, _, default in cls.fields]
    return None if any(part is None for part in found) else [part for part in found if part is not None]


def some_item(value: Value) -> Value:
    """One item of what is not known item by item; each item of a setting is one, too."""
    if isinstance(value, Environment) and value.default is None and not value.name.startswith("parameter "):
        return Environment(value.name, None, value.place)
    return Unknown("an item of something unknown")
