"""What the tokens that a project makes carry: each encoding call, and for each way of getting there its claims."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Place
from fastapi_seclint.subjects.payloads.arriving import DEPTH, ways_to
from fastapi_seclint.subjects.payloads.flow import Budget, Flow, Given
from fastapi_seclint.subjects.payloads.known import (
    Amount,
    Claims,
    Known,
    as_claims,
    as_length,
    combine,
    either,
    unknown,
)
from fastapi_seclint.subjects.payloads.ways import Step
from fastapi_seclint.subjects.tokens.jwt import ENCODERS, Library

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PAYLOAD: dict[Library, tuple[str, int]] = {
    "pyjwt": ("payload", 0), "jose": ("claims", 0), "authlib": ("payload", 1), "joserfc": ("claims", 1),
    "jwcrypto": ("claims", 1), "pyseto": ("payload", 1),
}  # fmt: skip
_KEY: dict[Library, int] = {"pyjwt": 1, "jose": 1, "authlib": 2, "joserfc": 2, "pyseto": 0}
_KINDS = re.compile(r"refresh|access", re.I)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A call that makes a token: `jwt.encode(...)`."""

    program: Program
    call: Call
    library: Library

    @property
    def payload(self) -> Argument | None:
        """The argument that holds the claims."""
        return self.call.argument(*_PAYLOAD[self.library])

    @property
    def key(self) -> Argument | None:
        """The argument that holds the key."""
        return self.call.argument("key", _KEY[self.library]) if self.library in _KEY else None

    @property
    def is_passed_on(self) -> bool:
        """Whether the call stands in a wrapper without more to it: `def sign(claims): return encode(claims, KEY)`.

        One that is named after a kind of token makes that kind.
        """
        function, payload = self.call.block.function, self.payload
        if function is None or payload is None or payload.form[0] != "name" or _KINDS.search(function.name):
            return False
        plain = all(_only_passes_on(form, payload.form[2]) for form in function.statements())
        return plain and any(parameter[0] == payload.form[2] for parameter in function.parameters)

    @property
    def algorithm(self) -> Argument | None:
        """The argument that names the algorithm (PyJWT and python-jose)."""
        return self.call.argument("algorithm", 2) if self.library in ("pyjwt", "jose") else None


def _only_passes_on(statement: Form, name: str) -> bool:
    match statement:
        case ["return", *_] | ["expr", _, ["const", *_]]:
            return True
        case ["assign", _, [["name", _, target]], _]:
            return bool(target != name)
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A kind of token: an encoding call, the calls that lead to it (nearest first), and the claims it then has.

    `unseen` says that the outermost function of the way has parameters and no caller in sight.
    """

    encoding: Encoding
    way: tuple[Step, ...]
    claims: Claims
    payload: Known
    unseen: bool

    @property
    def makers(self) -> tuple[Step, ...]:
        """The steps without the encoding call of a wrapper that only passes on the claims that it is given."""
        return self.way if self.way and self.encoding.is_passed_on else self.steps

    @property
    def handed_over(self) -> Form | None:
        """The claims as the first of the makers is given them."""
        payload, function = self.encoding.payload, self.encoding.call.block.function
        if payload is None or function is None or self.makers[0].form is self.encoding.call.form:
            return payload.form if payload is not None else None
        names = [parameter[0] for parameter in function.parameters]
        position = names.index(payload.form[2]) - (function.owner is not None and function.kind != "static")
        call = self.makers[0].form
        named = (value for keyword, value, _ in call[4] if keyword == payload.form[2])
        return call[3][position] if position < len(call[3]) else next(named, None)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The encoding call and the calls that lead to it, nearest first."""
        return (Step(self.encoding.call.block, self.encoding.call.form), *self.way)


@answered_once
def encodings(program: Program) -> list[Encoding]:
    """Every call that makes a token with a known library, in order."""
    calls = program.sites.calls(*ENCODERS)
    made = (Encoding(program, call, ENCODERS[call.name]) for call in calls)
    return [item for item in made if item.library != "jwcrypto" or item.payload is not None]


@answered_once
def tokens(program: Program) -> list[Token]:
    """Every token that a project makes, once for each way that leads to its encoding call; found once a program."""
    return [token for encoding in encodings(program) for token in _tokens(encoding)]


def _tokens(encoding: Encoding) -> Iterator[Token]:
    program, call = encoding.program, encoding.call
    budget = Budget(20_000)
    depth = DEPTH + encoding.is_passed_on
    for way in ways_to(program, call.block, call.whole, depth, budget, encoding.is_passed_on):
        flow = Flow(program, call.block, way.names, DEPTH, Budget(), call.whole)
        flow.run()
        payload = _payload(encoding, flow.arrivals)
        if payload is not None:
            yield Token(encoding, way.steps, as_claims(payload), payload, way.unseen)


def _payload(encoding: Encoding, arrivals: list[Given]) -> Known | None:
    name, position = _PAYLOAD[encoding.library]
    found: Known | None = None
    for given in arrivals:
        one = given.keywords.get(name)
        if one is None and position < len(given.positional):
            one = given.positional[position]
        if one is None:
            one = unknown("call")
        if encoding.library == "pyseto":
            one = _dated(one, given, encoding.call.place)
        found = one if found is None else either(found, one)
    return found


def _dated(payload: Known, given: Given, place: Place) -> Known:
    """Claims with the expiry that PASETO tokens get by an argument, in seconds from now.

    Source: pyseto/paseto.py, `encode(key, payload, footer, implicit_assertion, nonce, serializer, exp)`.
    """
    seconds = given.keywords.get("exp") or (given.positional[6] if len(given.positional) > 6 else None)
    if seconds is None:
        return payload
    claims = as_claims(payload).copy()
    now = Known(amounts=(Amount(0.0, "moment", "aware", clock_at=place),), present=True)
    claims.set("exp", combine("+", now, as_length(seconds, 1.0, place), place))
    return replace(payload, claims=claims)
