"""A fix that tells access and refresh tokens apart: a type claim in each, and a test of it where they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.tokens.asked_kinds import asking
from fastapi_seclint.subjects.tokens.jwt import Decoding, decodings
from fastapi_seclint.subjects.tokens.kinds import Kind, same_key
from fastapi_seclint.subjects.tokens.purposes import renews
from fastapi_seclint.subjects.tokens.type_claims import typing
from fastapi_seclint.subjects.tokens.type_tests import refreshes, testing
from fastapi_seclint.subjects.tokens.types import guarding_readers, has_key, key_read, reached, read_in

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NO_ACCESS, _NO_REFRESH = "not an access token", "not a refresh token"
_Reading = tuple[Function, Decoding, Form]
"""A function that gets the claims of a token, where they are read, and the call in the function that leads there."""


def told_apart_by_type(program: Program, refresh: Kind, kinds: Sequence[Kind]) -> Fix | None:
    """Claims for all tokens of both kinds with the key, and tests where guards and functions that refresh read them.

    Without the tests where no token is read in sight, or where a guard takes the tests no better: then it is a finding
    of jwt-type-unchecked. None where tokens are read by something else than a guard, such as a middleware, and where
    one function inside another makes both kinds.
    """
    near = [kind for kind in kinds if same_key(program, kind, refresh)]
    if _made_inside(refresh) and any(kind.purpose == "access" and _is_made_alike(kind, refresh) for kind in near):
        return None
    claims = typing([kind for kind in near if kind.purpose != "other"], kinds)
    guards = list(_guarding(program))
    if not claims or any(not key_read(decoding) for _, decoding, _ in guards):
        return None
    guards = [reading for reading in guards if has_key(refresh.token, reading[1])]
    if not guards and any(not program.is_test(decoding.call.block.module) for decoding in decodings(program)):
        return None
    condition = _refresh if any(kind.purpose == "other" for kind in near) else _other_than_access
    tests = [
        ()
        if refreshes(program, function)
        else testing(program, function, decoding, through, condition, _NO_ACCESS) or asking(program, decoding)
        for function, decoding, through in guards
    ]
    edits = [*claims, *(edit for added in tests for edit in added)]
    if not all(tests):
        return Fix("give both kinds of tokens a type; their guard is still to test it", False, claims)
    for function, decoding, through in _refreshing(program):
        if has_key(refresh.token, decoding):
            edits += testing(program, function, decoding, through, _other_than_refresh, _NO_REFRESH)
    return Fix("give both kinds of tokens a type, and test it", False, tuple(dict.fromkeys(edits)))


def _made_inside(kind: Kind) -> bool:
    """Whether a function that another one makes encodes the tokens."""
    function = kind.token.encoding.call.block.function
    return function is not None and "<locals>" in function.qualname


def _is_made_alike(one: Kind, other: Kind) -> bool:
    return bool(one.token.encoding.call.form[1] == other.token.encoding.call.form[1])


def _other_than_access(claims: str) -> str:
    return f'{claims}.get("type") != "access"'


def _refresh(claims: str) -> str:
    return f'{claims}.get("type") == "refresh"'


def _other_than_refresh(claims: str) -> str:
    return f'{claims}.get("type") != "refresh"'


def _guarding(program: Program) -> Iterator[_Reading]:
    """Where guards read tokens."""
    for function in guarding_readers(program):
        for one, first in reached(program, function):
            for decoding in read_in(program, one):
                yield function, decoding, first or decoding.call.form


def _refreshing(program: Program) -> Iterator[_Reading]:
    """Where functions that refresh by their names read a refresh token, themselves or through one that they call.

    Of several readings in one function those count whose argument is named after such a token.
    """
    found: dict[int, list[_Reading]] = {}
    for decoding in decodings(program):
        reader = decoding.call.block.function
        if reader is None or decoding.maker or program.is_test(reader.module):
            continue
        calls = [
            (decoding.call.block, decoding.call.form),
            *((block, form) for block, form, _ in callers(program, reader)),
        ]
        for block, form in calls:
            if block.function is not None and renews(block.function.name):
                found.setdefault(id(block.function), []).append((block.function, decoding, form))
    for readings in found.values():
        yield from readings if len(readings) == 1 else filter(_is_named, readings)


def _is_named(reading: _Reading) -> bool:
    arguments = [*reading[2][3], *(value for _, value, _ in reading[2][4])]
    return any(form[0] in ("name", "attr") and "refresh" in str(form[-1]).lower() for form in arguments)


def readers(program: Program) -> list[Decoding]:
    """The readings of tokens on the way of guards, each once."""
    return list({id(decoding): decoding for _, decoding, _ in _guarding(program)}.values())


def guarded(program: Program) -> Iterator[Location]:
    """The calls in guards that lead to the readings."""
    return (Location(function.module.path, span_of(through[1])) for function, _, through in _guarding(program))
