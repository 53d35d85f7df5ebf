"""Leeway: for how long after its expiry a token is still taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Environment, External, Value, constant, options
from fastapi_seclint.rule import Evidence, Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.items import Item
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.tokens.dates import timedelta_name
from fastapi_seclint.subjects.tokens.jwt import Decoding

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

LONGEST = 3600
"""Seconds. RFC 7519 speaks of "usually no more than a few minutes"; an hour is beyond any difference of clocks."""

_REGISTRIES = ("joserfc.jwt.JWTClaimsRegistry", "joserfc.rfc7519.registry.JWTClaimsRegistry")
_UNITS = {"weeks": 604800.0, "days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
_ORDER = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")


@dataclass(frozen=True, slots=True)
class Leeway:
    """A leeway that is too long: where it is given, how long in words, and how it is mended."""

    location: Location
    symbol: str
    spoken: str
    sure: bool
    evidence: tuple[Evidence, ...]
    fix: Fix | None


def stretched(program: Program, decoding: Decoding) -> Iterator[Leeway]:
    """The leeways of more than an hour that a call gives."""
    given = [*decoding.given("leeway")] if decoding.library == "pyjwt" else []
    given += [_of_item(item) for item in decoding.options("leeway") if decoding.library == "jose"]
    for owner, form, location in given:
        found = _longest(program, owner, form)
        if found is not None and decoding.verifies_signature:
            seconds, value, sure = found
            evidence = _written(value, location)
            yield Leeway(location, owner.symbol, spoken(seconds), sure, evidence, _fix(owner, form, sure))


def on_objects(program: Program) -> Iterator[Leeway]:
    """The leeways of more than an hour that objects of jwcrypto are given: `token.leeway = 86_400`."""
    for block in {id(call.block): call.block for call in program.sites.calls("jwcrypto.jwt.JWT")}.values():
        for form in block.forms.of("assign"):
            if form[2][0][0] != "attr" or form[2][0][3] != "leeway" or program.is_test(block.module):
                continue
            if (found := _longest(program, block, form[3])) is not None:
                seconds, value, sure = found
                location = block.location(form)
                evidence = _written(value, location)
                yield Leeway(location, block.symbol, spoken(seconds), sure, evidence, _fix(block, form[3], sure))


def of_registries(program: Program) -> Iterator[Leeway]:
    """The leeways of more than an hour by which claims are validated after the signature.

    joserfc's `JWTClaimsRegistry(leeway=...)` and authlib's `claims.validate(leeway=...)` (their manuals on JWT).
    """
    calls = [(call.block, call.form) for call in program.sites.calls(*_REGISTRIES)]
    for block in program.sites.blocks(frozenset({"validate"})):
        if any(name.startswith("authlib") for name in block.module.facts.imports):
            calls += [(block, form) for form in block.forms.of("call") if last_name(form[2]) == "validate"]
    for block, call in calls:
        for keyword, value, at in call[4] if not program.is_test(block.module) else ():
            if keyword == "leeway" and (found := _longest(program, block, value)) is not None:
                seconds, known, sure = found
                location = block.location(at)
                evidence = _written(known, location)
                yield Leeway(
                    location, block.symbol, spoken(seconds), sure, evidence, _fix(block, value, sure, plain=True)
                )


def _of_item(item: Item) -> tuple[Block, Form, Location]:
    return item.block, item.form, Location(item.block.module.path, item.span)


def _longest(program: Program, block: Block, form: Form) -> tuple[float, Value, bool] | None:
    for option in options(ask(program, block, _length(form))):
        sure = not isinstance(option, Environment)
        for value in options(option.default) if isinstance(option, Environment) else (option,):
            length = seconds_of(value)
            if length is not None and length > LONGEST:
                return length, value, sure
    return None


def _length(form: Form) -> Form:
    """What a number of seconds is taken from: the `timedelta` of `int(SKEW.total_seconds())`."""
    match form:
        case ["call", _, ["name", _, "int" | "float" | "round"], [inner], []]:
            return _length(inner)
        case ["call", _, ["attr", _, inner, "total_seconds"], [], []]:
            length: Form = inner
            return length
    return form


def seconds_of(value: Value | None) -> float | None:
    """The length of a number of seconds or of a `timedelta`; None when it is not known."""
    if isinstance(value, Const):
        number = value.value
        return float(number) if isinstance(number, int | float) and not isinstance(number, bool) else None
    if not isinstance(value, External) or value.name != "datetime.timedelta()" or value.arguments is None:
        return None
    total = 0.0
    for name, given in (*zip(_ORDER, value.arguments.positional, strict=False), *value.arguments.keywords.items()):
        number = constant(given)
        if not isinstance(number, int | float):
            return None
        total += number * _UNITS.get(name, 0.0)
    return total


def spoken(seconds: float) -> str:
    """A length of time in words: `30 days`."""
    for unit in ("days", "hours"):
        count = seconds / _UNITS[unit]
        if count >= 1:
            number = f"{count:.0f}" if abs(count - round(count)) < 0.05 else f"{count:.1f}"
            return f"{number} {unit}" if number != "1" else f"{unit[:-1]}"
    return f"{seconds:.0f} seconds"


def _written(value: Value, location: Location) -> tuple[Evidence, ...]:
    place = getattr(value, "place", None)
    if place is None or (place.location.path == location.path and place.location.span.line in _lines(location)):
        return ()
    return (Evidence(place.location, "the length is written here"),)


def _lines(location: Location) -> range:
    return range(location.span.line, location.span.end_line + 1)


def _fix(block: Block, form: Form, sure: bool, plain: bool = False) -> Fix | None:
    """A minute instead of it, written with `timedelta` where the code does, unless it is `plain` seconds."""
    if not sure:
        return None
    code = "60"
    for call in walk(form) if not plain else ():
        if call[0] == "call" and call[2][-1] == "timedelta":
            code = f"{timedelta_name(call)}(seconds=60)"
    edit = ReplaceExpression(block.module.path, span_of(form[1]), code)
    return Fix("allow a minute of difference between clocks", True, (edit,))
