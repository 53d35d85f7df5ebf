"""Abstract values of the program model as what is known on the way to a token."""

from __future__ import annotations

from dataclasses import replace

from fastapi_seclint.program.values import (
    Bound,
    Class,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    ModuleValue,
    Native,
    Partial,
    Place,
    Text,
    Value,
    options,
)
from fastapi_seclint.subjects.payloads import moments as _moments
from fastapi_seclint.subjects.payloads.known import (
    NOTHING,
    Amount,
    Claims,
    Known,
    Made,
    combine,
    either,
    unknown,
)

_DEPTH = 6
_MOST_CLAIMS = 64
"""A larger dictionary holds something else than the claims of a token."""


def of_value(value: Value | None, place: Place, depth: int = _DEPTH) -> Known:
    """What is known of an abstract value that stands at a place."""
    found: Known | None = None
    for option in options(value):
        one = _of_option(option, place, depth) if depth else unknown("call")
        found = one if found is None else either(found, one)
    return found if found is not None else unknown("call")


def _of_option(value: Value, place: Place, depth: int) -> Known:
    match value:
        case Const():
            return _of_constant(value)
        case Environment():
            return _of_setting(value, place, depth)
        case External():
            return _of_library(value, place, depth)
        case Mapping() if len(value.items) > _MOST_CLAIMS:
            return Known(claims=Claims(open=frozenset({"call"})))
        case Mapping():
            claims = Claims(open=frozenset({"call"}) if value.open else frozenset())
            for key, item in value.items:
                if (name := _key(key)) is not None:
                    claims.set(name, of_value(item, place, depth - 1))
            return Known(claims=claims, present=True if claims.items else None)
        case Instance() if isinstance(value.cls, Class):
            return _of_object(value, value.cls, place, depth)
        case Text():
            return Known(present=True, complete=False)
        case Function() | Class() | Bound() | Partial() | Native() | ModuleValue():
            return Known(present=True, complete=False)
    return unknown("call")


def _key(key: Value) -> str | None:
    """The key of a dictionary as text, a member of an enumeration by what it stands for."""
    member = key.attributes.get("value") if isinstance(key, Instance) else key
    return str(member.value) if isinstance(member, Const) else None


def _of_constant(value: Const) -> Known:
    constant = value.value
    if constant is None:
        return NOTHING
    if isinstance(constant, bool):
        return Known(present=constant, texts=(str(constant),))
    if isinstance(constant, int | float):
        return Known(amounts=(Amount(float(constant), "number", place=value.place),), present=bool(constant))
    if isinstance(constant, str):
        return Known(texts=(constant,), present=bool(constant))
    return Known(present=bool(constant))


def _of_setting(value: Environment, place: Place, depth: int) -> Known:
    if value.default is None:
        return unknown("call")
    default = of_value(value.default, place, depth - 1)
    names = () if value.name.startswith("parameter ") else (value.name,)
    amounts = tuple(
        replace(item, sure=False, names=(*names, *item.names), place=item.place or value.place)
        for item in default.amounts
    )
    return replace(default, amounts=amounts, present=None)


def _of_library(value: External, place: Place, depth: int) -> Known:
    where = value.place or place
    given = value.arguments
    if given is not None and value.name.startswith("operator ") and len(given.positional) == 2:
        left, right = (of_value(item, where, depth - 1) for item in given.positional)
        return combine(value.name.removeprefix("operator "), left, right, where)
    if given is not None and value.name.endswith("()"):
        name = value.name.removesuffix("()")
        keywords = {key: of_value(item, where, depth - 1) for key, item in given.keywords.items()}
        positional = [of_value(item, where, depth - 1) for item in given.positional]
        found = _moments.length_call(name, keywords, positional, where)
        if found is None and name.endswith("fromtimestamp") and positional:
            zone = positional[1] if len(positional) > 1 else keywords.get("tz")
            found = _moments.from_unix(name, positional[0], zone, where)
        if found is None:
            found = _moments.now_call(name, keywords.get("tz") or (positional[0] if positional else None), where)
        if found is not None:
            return found
    if value.name in _moments.UTC:
        return Known(present=True)
    return replace(unknown("call"), present=True if value.name.rpartition(".")[2][:1].isupper() else None)


def _of_object(value: Instance, cls: Class, place: Place, depth: int) -> Known:
    member = value.attributes.get("value")
    if member is not None:
        return replace(of_value(member, place, depth - 1), present=True)
    arguments = value.arguments
    given = {key: of_value(item, place, depth - 1) for key, item in value.attributes.items()} if depth > 4 else {}
    return Known(present=True, made=Made(cls, given, arguments is None or arguments.open), opaque="object")
