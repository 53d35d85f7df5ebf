"""What members of an enumeration are: the value of `auto()`, and what its `__init__` takes apart.

Source: https://docs.python.org/3/library/enum.html#enum.auto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program import calls
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Place,
    Value,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_FLAGS = frozenset({"enum.Flag", "enum.IntFlag"})


def number_members(interpreter: Interpreter, cls: Class) -> None:
    """Give the members of an enumeration that are `auto()` their values: a name in small letters, or the next number.

    A class that says itself how the next value is made is asked.
    """
    if not any(_is_auto(value) for value in cls.namespace.values()):
        return
    bases = frozenset(cls.external_bases())
    if not any(base.startswith("enum.") for base in bases):
        return
    before: list[Value] = []
    for name, value in list(cls.namespace.items()):
        if name.startswith("_") or isinstance(value, Function | Class):
            continue
        if _is_auto(value):
            value = cls.namespace[name] = _next(interpreter, cls, name, before, bases)
        before.append(value)


def take_apart(interpreter: Interpreter, member: Instance, name: str, place: Place) -> bool:
    """Whether the `__init__` of an enumeration gives its members an attribute: `ADMIN = ("admin", 3)` with two names.

    Source: https://docs.python.org/3/howto/enum.html#planet.
    """
    if member.attributes.keys() != {"value", "name"} or not isinstance(member.cls, Class):
        return False
    start = calls.method_of(member, "__init__")
    if start is None or not any(base.startswith("enum.") for base in member.cls.external_bases()):
        return False
    value = member.attributes["value"]
    given = value.items if isinstance(value, Collection) and value.kind == "tuple" else [value]
    with interpreter.asking():
        calls.invoke(interpreter, start, Arguments([member, *given]), place)
    return name in member.attributes


def _is_auto(value: Value) -> bool:
    return isinstance(value, External) and value.name == "enum.auto()"


def _next(interpreter: Interpreter, cls: Class, name: str, before: list[Value], bases: frozenset[str]) -> Value:
    own = next((c.namespace[_MAKER] for c in cls.lineage() if isinstance(c, Class) and _MAKER in c.namespace), None)
    if isinstance(own, Function):
        given: list[Value] = [Const(name), Const(1), Const(len(before)), Collection("list", list(before))]
        return calls.invoke(interpreter, own, Arguments(given), Place(cls.module, cls.at))
    if "enum.StrEnum" in bases:
        return Const(name.lower())
    last = before[-1].value if before and isinstance(before[-1], Const) else len(before)
    number = last if type(last) is int else len(before)
    made = 1 << number.bit_length() if _FLAGS & bases else number + 1
    return Const(str(made)) if "builtins.str" in bases else Const(made)


_MAKER = "_generate_next_value_"
