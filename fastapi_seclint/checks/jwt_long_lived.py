"""FSL307: an access token lives longer than an hour by default, or a refresh token longer than thirty days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isnan
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, bounds, walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.subjects.code.development import holds, only_in_development
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.payloads.known import Amount
from fastapi_seclint.subjects.tokens.handmade_expiry import own_expiry
from fastapi_seclint.subjects.tokens.leeway import spoken
from fastapi_seclint.subjects.tokens.lifetimes import (
    LIMITS,
    OTHER,
    Declared,
    configured,
    declared,
    made_elsewhere,
    shorter,
)
from fastapi_seclint.subjects.tokens.purposes import Purpose, purpose_of, purpose_of_words

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL307",
    name="jwt-long-lived",
    summary="a stolen token works for hours, days or months",
    severity="medium",
    cwe=(613,),
    owasp=("API2",),
    guide="3",
    fixable="unsafe",
)
_REMEMBERS = re.compile(r"remember|long", re.I)
"""An access token that lives longer for those who want it is one all the same."""


@RULE.check
def jwt_long_lived(program: Program) -> Iterator[Finding]:
    """One finding for each number that makes a token live too long."""
    seen: set[Place] = set()
    for token in tokens(program):
        if program.is_test(token.encoding.call.block.module):
            continue
        purpose, said = purpose_of(token)
        for amount in _too_long(program, token, purpose):
            place = amount.place or token.encoding.call.place
            if place not in seen and not program.is_test(place.module) and not only_in_development(place):
                seen.add(place)
                yield _finding(token, amount, place, purpose, said)
    for found in (*configured(program), *declared(program)):
        place = found.place
        if place not in seen and not program.is_test(place.module) and not only_in_development(place):
            seen.add(place)
            yield _of_setting(found)


_ROUNDED = 60.0
"""Seconds by which a time that is rounded up may be over."""


def _too_long(program: Program, token: Token, purpose: Purpose) -> Iterator[Amount]:
    claim = token.claims.get("exp") or token.claims.get(own_expiry(program, token.claims))
    limit = LIMITS.get(purpose)
    if claim is None or limit is None:
        return
    amounts = [amount for value in claim.values for amount in value.amounts if not isnan(amount.number)]
    beside = any(not _is_named_refresh(amount) for amount in amounts)
    for amount in amounts:
        anothers = purpose == "access" and len(amounts) > 1 and _is_of_another(amount)
        too_long = amount.kind == "moment" and amount.number > limit + _ROUNDED
        if too_long and not anothers and not _is_renewals(purpose, amount, beside):
            yield amount


def _is_of_another(amount: Amount) -> bool:
    """Whether one of several lengths belongs to another token by the name of its setting: `invitation_ttl`."""
    names = (*amount.names, *_holders(amount))
    return any(OTHER.search(name) and not _REMEMBERS.search(name) for name in names)


def _is_named_refresh(amount: Amount) -> bool:
    """Whether a constant or setting that holds a length says that it is the refresh token's."""
    return any(purpose_of_words(set(words_of(name))) == "refresh" for name in (*amount.names, *_holders(amount)))


def _holders(amount: Amount) -> Iterator[str]:
    """The names of the constants and settings in whose values a length stands, and of the class around."""
    place = amount.place
    for form in place.module.facts.forms(-1).of("assign", "annassign", "class") if place is not None else ():
        if form[0] == "class":
            yield from [form[2]] if any(place is not None and holds(item[1], place.at) for item in form[6]) else []
            continue
        targets = form[2] if form[0] == "assign" else [form[2]]
        if place is not None and form[-1] is not None and holds(form[-1][1], place.at):
            yield from (target[2] for target in targets if target[0] == "name")


def _is_renewals(purpose: Purpose, amount: Amount, beside: bool) -> bool:
    """Whether a length is the refresh token's: by its name, under such a key of a table, or in that branch of a choice.

    The name speaks only where there is another length `beside` it, so that one maker makes both tokens.
    """
    place = amount.place
    if purpose != "access" or amount.number > LIMITS["refresh"]:
        return False
    if beside and _is_named_refresh(amount):
        return True
    if place is None:
        return False
    facts = place.module.facts
    around = set(facts.around(place.line))
    for number in range(-1, len(facts.functions)):
        for form in facts.forms(number).of("dict", "ifexp", "if"):
            if _chooses_refresh(form, place.at, number in around):
                return True
    return False


def _chooses_refresh(form: Form, at: int, around: bool) -> bool:
    """Whether a form chooses a place for the refresh token; `around` tells that its function holds the place.

    What follows a branch that leaves is the other one: `if kind == "access": return ...`.
    """
    match form:
        case ["dict", _, pairs]:
            keys = (key for key, value in pairs if key is not None and holds(value[1], at))
            named = [key for key in keys if key[0] in ("name", "attr", "const")]
            return any(_names([key], "refresh") or _is_other(key) for key in named)
        case ["ifexp", _, test, body, otherwise]:
            chosen, other = holds(body[1], at), holds(otherwise[1], at)
        case ["if", _, test, body, otherwise]:
            chosen, other = (any(holds(item[1], at) for item in branch) for branch in (body, otherwise))
            leaves = not otherwise and body[-1][0] in ("return", "raise")
            other = other or (around and leaves and bounds(form[1])[1] <= bounds(at)[0])
        case _:
            return False
    if any(item[0] == "unary" or (item[0] == "compare" and item[3][0] in ("!=", "is not")) for item in walk(test)):
        chosen, other = other, chosen
    return (chosen and _names([test], "refresh")) or (other and _names([test], "access"))


def _is_other(key: Form) -> bool:
    """Whether the key of a table of lengths names a token that opens no API: `Use.INVITE`."""
    name = str(key[-1])
    return purpose_of_words(set(words_of(name))) == "other" and not _REMEMBERS.search(name)


def _names(forms: list[Form], word: str) -> bool:
    return any(word in str(item[-1]).lower() for item in walk(forms) if item[0] in ("name", "attr", "const"))


def _finding(token: Token, amount: Amount, place: Place, purpose: Purpose, said: bool) -> Finding:
    call = token.encoding.call
    return RULE.finding(
        place.location,
        _message(purpose, amount.number),
        confidence="high" if said else "medium",
        symbol=call.block.symbol if place.module is call.block.module else place.module.name,
        evidence=made_elsewhere(token, place),
        fix=shorter(place, amount.number, amount.scale, purpose),
    )


def _message(purpose: Purpose, seconds: float) -> str:
    if purpose == "refresh":
        return f"a refresh token lives {_spoken(seconds)}: a stolen one renews itself that long, so keep it to 30 days"
    return (
        f"an access token lives {_spoken(seconds)}: a stolen one works that long unless something calls it back, "
        "so let it live 15 to 60 minutes and renew it with a refresh token"
    )


def _spoken(seconds: float) -> str:
    words = spoken(seconds)
    return words if words[0].isdigit() else f"a {words}" if words == "day" else f"an {words}"


def _of_setting(found: Declared) -> Finding:
    return RULE.finding(
        found.place.location,
        _message(found.purpose, found.seconds),
        confidence="high" if found.sure else "medium",
        symbol=found.place.module.name,
        evidence=[Evidence(found.given, "this makes tokens live so long")] if found.given is not None else [],
        fix=shorter(found.place, found.seconds, found.scale, found.purpose),
    )
