"""Attributes that a class declares with traitlets: what they are where no configuration file says otherwise.

`url_prefix = Unicode("/").tag(config=True)`, `@default("templates")` (https://traitlets.readthedocs.io).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program import calls
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    Place,
    Value,
    constant,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_EMPTY: dict[str, str | bytes | bool | float] = {
    "Unicode": "",
    "Bool": False,
    "Bytes": b"",
    "Int": 0,
    "Integer": 0,
    "Long": 0,
    "Float": 0.0,
}
_KINDS = {"List": "list", "Tuple": "tuple", "Set": "set"}


def of_trait(interpreter: Interpreter, found: Value, receiver: Instance, name: str, place: Place) -> Value | None:
    """The attribute that a trait of the class stands for: a setting with its default; None for what is no trait."""
    trait = found if isinstance(found, External) and _is_trait(found) else None
    while trait is not None and trait.name.endswith(".tag()"):
        trait = trait.parent
    if trait is None or trait.arguments is None or not isinstance(receiver.cls, Class):
        return None
    kind = trait.name.removesuffix("()").rpartition(".")[2]
    made = _by_method(interpreter, receiver, receiver.cls, name, place) or _written(kind, trait.arguments)
    return Environment(f"{receiver.cls.name}.{name}", made, trait.place or place) if made is not None else None


def _by_method(interpreter: Interpreter, receiver: Instance, cls: Class, name: str, place: Place) -> Value | None:
    for base in cls.lineage():
        for member in base.namespace.values() if isinstance(base, Class) else ():
            if isinstance(member, Function) and any(_makes(decorator, name) for decorator in member.decorators):
                return calls.invoke(interpreter, member, Arguments([receiver]), place)
    return None


def _makes(decorator: Value, name: str) -> bool:
    if not isinstance(decorator, External) or decorator.arguments is None or decorator.name != "traitlets.default()":
        return False
    return bool(constant(decorator.arguments.get("name", 0)) == name)


def _written(kind: str, given: Arguments) -> Value | None:
    """The default that a trait is given, or that its kind has."""
    first = given.get("default_value", 1 if kind == "Enum" else 0) if kind not in _MADE else None
    named = given.get("default_value", 1) if _is_trait(first) else first
    if named is not None:
        return named
    if kind in _EMPTY:
        return Const(_EMPTY[kind])
    if kind in _KINDS:
        return Collection(_KINDS[kind], [])
    return Mapping([]) if kind == "Dict" else None


def _is_trait(value: Value | None) -> bool:
    return isinstance(value, External) and value.name.startswith("traitlets.")


_MADE = frozenset({"Instance", "ForwardDeclaredInstance", "Union", "Any"})
"""Traits whose first argument is no default, or whose default says nothing."""
