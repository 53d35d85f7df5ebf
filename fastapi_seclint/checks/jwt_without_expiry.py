"""FSL303: a token is made that never expires, on every path or on some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import can_be_none
from fastapi_seclint.rule import Confidence, Evidence, Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.payloads.known import Claims
from fastapi_seclint.subjects.tokens.dates import expiring
from fastapi_seclint.subjects.tokens.handmade_expiry import checked_by_hand
from fastapi_seclint.subjects.tokens.purposes import purpose_of
from fastapi_seclint.subjects.tokens.stored import kept_for_a_while, only_tried_out

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL303",
    name="jwt-without-expiry",
    summary="a token that never expires is a permanent key",
    severity="high",
    cwe=(613,),
    owasp=("API2",),
    guide="3",
    fixable="unsafe",
)

_STRATEGIES = {
    "fastapi_users.authentication.JWTStrategy": "lifetime_seconds",
    "fastapi_users.authentication.strategy.JWTStrategy": "lifetime_seconds",
    "fastapi_users.authentication.strategy.jwt.JWTStrategy": "lifetime_seconds",
    "authx.AuthXConfig": "JWT_ACCESS_TOKEN_EXPIRES",
    "authx.config.AuthXConfig": "JWT_ACCESS_TOKEN_EXPIRES",
}
"""What libraries that make tokens call their lifetime; None is for ever."""
_LIFETIMES = frozenset({"authjwt_access_token_expires", "authjwt_refresh_token_expires", "expires_time"})
"""What fastapi-jwt-auth calls them (fastapi_jwt_auth/config.py); `expires_time` is an argument of its makers."""
_TOKEN_WORDS = frozenset({"token", "tokens", "jwt", "access", "refresh", "auth", "session"})


@RULE.check
def jwt_without_expiry(program: Program) -> Iterator[Finding]:
    """One finding for each call that makes a token without `exp` on some way."""
    by_call: dict[int, list[Token]] = {}
    for token in tokens(program):
        call = token.encoding.call
        if program.is_test(call.block.module) or only_tried_out(program, call.block, call.form):
            continue
        if not kept_for_a_while(call.block, call.form):
            by_call.setdefault(id(token.encoding), []).append(token)
    seen: set[Location] = set()
    for ways in by_call.values():
        for finding in _of_call(program, ways):
            if finding.location not in seen:
                seen.add(finding.location)
                yield finding
    yield from _strategies(program)
    yield from _settings(program)


def _of_call(program: Program, ways: list[Token]) -> Iterator[Finding]:
    """At the encoding call, or at the caller where other callers of the same helper do give an expiry."""
    undated = [(token, confidence) for token in ways if (confidence := _undated(program, token)) is not None]
    dated = any(token.claims.surely("exp") for token in ways)
    for token, confidence in undated:
        own = not (token.way and dated and token.claims.get("exp") is None)
        step = token.steps[0] if own else token.way[0]
        evidence = []
        if not own:
            evidence.append(Evidence(token.encoding.call.location, "the token is made here"))
        elif token.way and token.claims.get("exp") is not None:
            where = token.way[0]
            evidence.append(Evidence(where.block.location(where.form), "this call gives no expiry"))
        yield RULE.finding(
            step.block.location(step.form),
            _message(token),
            severity="medium" if purpose_of(token)[0] == "other" else "high",
            confidence=confidence,
            symbol=step.block.symbol,
            evidence=evidence,
            fix=expiring(token, purpose_of(token)[0]),
            masks=("jwt-expiry-unverified", "jwt-long-lived"),
        )
        if own:
            return


def _message(token: Token) -> str:
    some = token.claims.get("exp") is not None
    where = "the token has no `exp` on some path" if some else "the token has no `exp`"
    return f"{where}: whoever steals one keeps it as a permanent key, so put an expiry into every token"


def _undated(program: Program, token: Token) -> Confidence | None:
    """How sure it is that a token has no expiry on some path; None when it has one, or may well have."""
    claims = token.claims
    if claims.surely("exp") or checked_by_hand(program, claims) or _is_provider_token(claims):
        return None
    if _only_says_where_to_go(claims):
        return None
    if claims.get("exp") is not None:
        return "medium" if claims.open else "high"
    if not claims.open:
        return "high"
    if "call" in claims.open:
        return None
    if claims.open == {"object"} or (claims.open == {"parameter"} and claims.surely("iat")):
        return "medium"  # who says himself since when a token holds does not leave to others until when
    return "medium" if _speaks_of_tokens(token) else None


def _is_provider_token(claims: Claims) -> bool:
    """Whether a token only says who made it and when: a service's for another one, which counts from `iat` (APNs)."""
    names = set(claims.items)
    return not claims.open and {"iss", "iat"} <= names <= {"iss", "iat", "aud", "kid"}


_STATE = re.compile(
    r"^(\w+_)?(state|nonce|csrf|next|provider|(redirect|return|callback|success|failure)(_(to|ur[il]|path))?)$"
)


def _only_says_where_to_go(claims: Claims) -> bool:
    """Whether a token names nobody: it keeps through a login elsewhere where its browser goes then (its `state`)."""
    return not claims.open and bool(claims.items) and all(_STATE.match(snake(name)) for name in claims.items)


def _speaks_of_tokens(token: Token) -> bool:
    """Whether the function that takes the claims makes tokens by its name, and is no mere wrapper of the library."""
    function = token.steps[-1].block.function
    return function is not None and bool(_TOKEN_WORDS & set(words_of(function.name)))


def _settings(program: Program) -> Iterator[Finding]:
    """The lifetimes that fastapi-jwt-auth and its successors read from settings; False is for ever."""
    for block in program.sites.blocks(_LIFETIMES):
        if program.is_test(block.module):
            continue
        for form in block.forms.of("assign", "annassign", "tuple", "call"):
            match form:
                case ["annassign", _, ["name", _, name], _, value] | ["assign", _, [["name", _, name]], value]:
                    given = [value] if name in _LIFETIMES else []
                case ["tuple", _, [["const", _, name], value]]:
                    given = [value] if name in _LIFETIMES else []
                case ["call", _, ["attr", _, _, "create_access_token" | "create_refresh_token"], _, keywords]:
                    given = [value for keyword, value, _ in keywords if keyword == "expires_time"]
                case _:
                    continue
            if any(value is not None and value[0] == "const" and value[2] is False for value in given):
                yield RULE.finding(
                    block.location(form),
                    "a lifetime of False makes tokens that never expire: whoever steals one keeps it, so say how long",
                    symbol=block.symbol,
                )


def _strategies(program: Program) -> Iterator[Finding]:
    for call in program.sites.calls(*_STRATEGIES):
        name = _STRATEGIES[call.name]
        argument = call.argument(name, 1 if name == "lifetime_seconds" else None) or call.setting(name)
        if argument is None or program.is_test(call.block.module):
            continue
        if can_be_none(call.value(argument)):
            yield RULE.finding(
                Location(call.block.module.path, argument.span),
                "a lifetime of None makes tokens that never expire: whoever steals one keeps it, so say how long",
                symbol=call.block.symbol,
            )
