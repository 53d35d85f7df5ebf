"""FSL306: the makers of tokens say of what type they are, and the reader that guards routes never looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import InsertStatements
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Function, options
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.payloads.encodings import Token
from fastapi_seclint.subjects.tokens.enumerated import is_one_of_several
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.refreshing import unlooked_refreshing
from fastapi_seclint.subjects.tokens.standing import on_the_way
from fastapi_seclint.subjects.tokens.type_parameters import demanding
from fastapi_seclint.subjects.tokens.type_tests import condition_for, refreshes, testing
from fastapi_seclint.subjects.tokens.types import (
    demands,
    guarding_readers,
    has_key,
    kinds,
    looks_for,
    looks_when_called,
    needed_claims,
    reached,
    read_in,
    type_claims,
)
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL306",
    name="jwt-type-unchecked",
    summary="a refresh or reset token opens the API, since nobody looks at its type",
    severity="high",
    cwe=(287, 863),
    owasp=("API2",),
    guide="10",
    fixable="unsafe",
)
_WHY = "not an access token"
_FOR_ELSE = frozenset(
    {
        "magic", "reset", "totp", "mfa", "otp", "invitation", "invite", "activation", "confirmation", "verification",
        "unsubscribe", "recovery", "recover",
    }
)  # fmt: skip


@RULE.check
def jwt_type_unchecked(program: Program) -> Iterator[Finding]:
    """A finding on the call by which a guard, or a route that refreshes, reads a token of any type."""
    seen: set[Location] = set()
    for finding in (*_guards(program), *_refreshing(program)):
        if finding.location not in seen:
            seen.add(finding.location)
            yield finding


def _guards(program: Program) -> Iterator[Finding]:
    typed = [token for token, purpose, _ in kinds(program) if purpose != "access" and type_claims(token)]
    plain = [token for token, purpose, _ in kinds(program) if purpose == "access"]
    typed += [token for token in plain if not typed and is_one_of_several(program, token)]
    typed = [token for token in typed if not _only_scopes(token, plain)]
    if not typed or not plain:
        return
    everywhere = {claim for claim in type_claims(typed[0]) if all(claim in token.claims.items for token in plain)}
    receivers = _receivers(program)
    told: set[tuple[str, int]] = set()
    for function in guarding_readers(program):
        if _FOR_ELSE.intersection(words_of(function.name)):
            continue  # it reads links from mails and the like
        claims = {claim for token in typed for claim in type_claims(token)}
        if any(looks_for(one, claims, everywhere) for one in receivers.get(id(function), [])):
            continue
        found = _unlooked(program, function, typed, everywhere)
        if found is None:
            continue
        decoding, form, token = found
        if (function.module.file, form[1]) in told:
            continue
        told.add((function.module.file, form[1]))
        fix = _fix(program, function, decoding, form, [token for token in plain if has_key(token, decoding)])
        yield _finding(Location(function.module.path, span_of(form[1])), function, decoding, token, fix)


def _only_scopes(token: Token, plain: list[Token]) -> bool:
    """Whether the one claim that could tell is `scope`, which holds what a user may do in all tokens alike."""
    own = token.claims.get("scope")
    others = [other.claims.get("scope") for other in plain]
    if own is None or type_claims(token) != {"scope"} or None in others:
        return False
    return all(other is not None and other.texts == own.texts for other in others)


def _refreshing(program: Program) -> Iterator[Finding]:
    for found in unlooked_refreshing(program):
        place = found.place or Location(found.function.module.path, span_of(found.form[1]))
        evidence = [Evidence(found.others[0].encoding.call.location, "an access token is made here, with the same key")]
        if found.decoding.call.location != place:
            evidence.append(Evidence(found.decoding.call.location, "the token is read here"))
        claim = sorted({claim for token in (*found.own, *found.others) for claim in type_claims(token)})[0]
        condition = condition_for(found.own, found.others)
        edits = (
            testing(program, found.function, found.decoding, found.form, condition, "not a refresh token")
            if condition is not None and found.place is None
            else ()
        ) or (demanding(program, found.decoding) if found.place is None else ())
        yield RULE.finding(
            place,
            f"`{found.function.name}` never looks at the claim `{claim}`, so whoever steals an access token has it "
            "renewed for ever: refuse what is no refresh token",
            symbol=found.function.dotted,
            evidence=evidence,
            fix=Fix("refuse what is no refresh token", False, edits) if edits else None,
        )


def _receivers(program: Program) -> dict[int, list[Function]]:
    """By the identity of a dependency's function: the functions that are given what it returns."""
    found: dict[int, list[Function]] = {}
    for consumer in wiring(program).consumers:
        pair = program.walker.resolver.dependency_of(consumer.parameter)
        for option in options(pair[1]) if pair is not None else ():
            if (made := running(option)) is not None:
                found.setdefault(id(made), []).append(consumer.function)
    return found


def _unlooked(
    program: Program, function: Function, others: list[Token], everywhere: set[str]
) -> tuple[Decoding, Form, Token] | None:
    """The reading of a token on the way of a function that takes another type too, and the call that leads there.

    Claims that all tokens have `everywhere` tell none from another by being there.
    """
    way = list(reached(program, function))
    claims = {claim for token in others for claim in type_claims(token)}
    looked = claims | {"aud", "audience"}
    if any(looks_when_called(one, looked, call, everywhere) or demands(program, one, others) for one, call in way):
        return None
    needed = {key for one, _ in way for key in needed_claims(one)}
    for one, first in way:
        for decoding in read_in(program, one):
            for token in others:
                if not token.claims.open and not needed <= token.claims.items.keys():
                    continue
                if has_key(token, decoding) and decoding.argument("audience") is None:
                    return decoding, first or decoding.call.form, token
    return None


def _fix(program: Program, function: Function, decoding: Decoding, through: Form, plain: list[Token]) -> Fix | None:
    """A test of the claim where the guard reads the token, with the values that the makers give it."""
    others = [
        token
        for token, purpose, _ in kinds(program)
        if purpose != "access" and type_claims(token) and has_key(token, decoding)
    ]
    condition = condition_for(plain, others) if plain and not refreshes(program, function) else None
    edits = testing(program, function, decoding, through, condition, _WHY) if condition is not None else ()
    edits = edits or demanding(program, decoding)
    outside = any(function is one for one in on_the_way(program))
    if outside and any(isinstance(edit, InsertStatements) and "(status_code=401" in edit.code for edit in edits):
        return None  # nothing makes an answer of this exception there
    return Fix("refuse what is no access token", False, edits) if edits else None


def _finding(place: Location, function: Function, decoding: Decoding, token: Token, fix: Fix | None) -> Finding:
    evidence = [Evidence(token.encoding.call.location, "a token of another type is made here, with the same key")]
    if decoding.call.location != place:
        evidence.append(Evidence(decoding.call.location, "the token is read here"))
    claim = sorted(type_claims(token))[0]
    return RULE.finding(
        place,
        f"`{function.name}` does not ask what the claim `{claim}` says, so a token that was made for something else, "
        f"which lives longer or travels by mail, opens the API: refuse what is no access token",
        symbol=function.dotted,
        evidence=evidence,
        fix=fix,
    )
