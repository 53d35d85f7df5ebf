"""FSL302: an expired token is accepted, since the check is switched off, stretched beyond use, or never made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import RemoveKeyword, ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location, Span
from fastapi_seclint.subjects.code.items import ARRIVED, Item
from fastapi_seclint.subjects.code.origins import Origin, origins
from fastapi_seclint.subjects.code.removal import removed
from fastapi_seclint.subjects.code.told import by_others
from fastapi_seclint.subjects.tokens.claims import unchecked
from fastapi_seclint.subjects.tokens.claims_read import keys_read
from fastapi_seclint.subjects.tokens.expiry import compares, looked_at
from fastapi_seclint.subjects.tokens.jwt import (
    Decoding,
    decodings,
    path_and_span,
    prepared,
    prepared_uses,
    says,
)
from fastapi_seclint.subjects.tokens.leeway import Leeway, of_registries, on_objects, stretched
from fastapi_seclint.subjects.tokens.logged import only_logged
from fastapi_seclint.subjects.tokens.unverified import verifies_other

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL302",
    name="jwt-expiry-unverified",
    summary="an expired token still opens the API",
    severity="high",
    cwe=(613,),
    owasp=("API2",),
    guide="10",
    fixable="safe",
)

_OF_THE_TOKEN = frozenset({"jti", "exp", "iat", "nbf"})
"""What tells one token from another, and when it lives (RFC 7519, 4.1): a list of revoked tokens asks for no more."""


@RULE.check
def jwt_expiry_unverified(program: Program) -> Iterator[Finding]:
    """One finding a place that switches the check off, stretches it, or reads claims that nobody checks."""
    found: dict[Location, Finding] = {}
    kept = [decoding for decoding in prepared(program) if [*prepared_uses(program, decoding)]]
    for decoding in (*decodings(program), *kept):
        checks = (_switched_off, _stretched, *(() if decoding in kept else (_unchecked,)))
        for finding in (one for check in checks for one in check(program, decoding)):
            known = found.get(finding.location)
            if known is None or (known.persona != "regular" and finding.persona == "regular"):
                found[finding.location] = finding
    yield from found.values()
    yield from map(_of_leeway, (*on_objects(program), *of_registries(program)))


def _switched_off(program: Program, decoding: Decoding) -> Iterator[Finding]:
    for item in decoding.options("verify_exp"):
        for origin in origins(program, item.block, item.form):
            how = says(origin, False)
            if how is None or not decoding.verifies_signature:
                continue
            if only_logged(program, decoding.call.block, decoding.call.form):
                continue
            uses = [*prepared_uses(program, decoding, "options")]
            if not uses and decoding in prepared(program):
                continue
            uses = uses or [(decoding.call.block, decoding.call.form)]
            uses += [(holder.block, holder.form) for holder in (item.holder, origin.holder) if holder is not None]
            if not any(looked_at(program, block, form, compares) for block, form in uses):
                yield _off(program, decoding, item, origin, "high" if how == "surely" else "medium")


def _off(program: Program, decoding: Decoding, item: Item, origin: Origin, confidence: Confidence) -> Finding:
    block = item.block
    place = Location(block.module.path, item.span)
    edits = removed(program, item, decoding.call.form)
    fix = Fix("check the expiry of the token: drop `verify_exp`", True, edits) if edits else None
    evidence = []
    if origin.passed is not None and origin.holder is not None:
        block, place, fix = origin.block, _argument(origin), _fix_of_argument(origin)
        evidence.append(Evidence(Location(item.block.module.path, item.span), "the expiry check depends on it here"))
    elif origin.parameter is not None:
        block, place, fix = origin.block, _default(origin), _fix_of_default(origin)
        evidence.append(Evidence(Location(item.block.module.path, item.span), "the expiry check depends on it here"))
    elif by_others(block, item.form, origin):
        block, place, fix = origin.block, path_and_span(origin), _fix_of_argument(origin)
        evidence.append(Evidence(Location(item.block.module.path, item.span), "the expiry check depends on it here"))
    elif origin.elsewhere:
        evidence.append(Evidence(path_and_span(origin), "the value is written here"))
    elif item.container[0] == ARRIVED:
        fix = None if item.shared else _fix_of_argument(origin)
    elif confidence == "medium":
        fix = None
    if not decoding.contains(place):
        evidence.append(Evidence(decoding.call.location, f"`{decoding.spoken}` gets it here"))
    works = "an expired token works for ever, a stolen or logged-out one too"
    holders = [one for one in (origin.holder, item.holder) if one is not None and one.block.symbol == block.symbol]
    use = holders[0].form if holders else decoding.call.form
    other = _renews(block) and verifies_other(program, block, use)
    if any(_ends_or_renews(one) for one in (decoding.call.block, block)):
        confidence, works = "medium", "whoever finds a token that expired long ago gets in"
    read = keys_read(decoding.call.block, decoding.call.form)
    message = f"with the expiry check off {works}: leave `verify_exp` on and answer 401 to expired tokens"
    return RULE.finding(
        place,
        message,
        symbol=block.symbol,
        confidence=confidence,
        persona="pedantic" if other or (read and read <= _OF_THE_TOKEN) else None,
        evidence=_distinct(evidence),
        fix=fix,
    )


def _renews(block: Block) -> bool:
    """Whether a function makes a new token for an old one, by its name."""
    return block.function is not None and bool({"refresh", "renew"}.intersection(words_of(block.function.name)))


def _ends_or_renews(block: Block) -> bool:
    """Whether a token is read to end its session or to make a new one, by the name of the function around."""
    words = set(words_of(block.function.name)) if block.function is not None else set()
    return bool(words & {"logout", "signout", "revoke", "blacklist", "refresh", "renew"}) or words >= {"log", "out"}


def _distinct(evidence: list[Evidence]) -> list[Evidence]:
    return list({item.location: item for item in reversed(evidence)}.values())[::-1]


def _argument(origin: Origin) -> Location:
    """The argument that brings the value to the function, with its keyword."""
    assert origin.holder is not None
    path = origin.block.module.path
    for keyword, value, at in origin.holder.form[4]:
        if keyword is not None and value is origin.form:
            return Location(path, span_of(at))
    return Location(path, span_of(origin.form[1]))


def _fix_of_argument(origin: Origin) -> Fix | None:
    """The check switched on where a caller or an heir switches it off."""
    if origin.form[0] != "const":
        return None
    path, default = origin.block.module.path, origin.passed[3] if origin.passed is not None else None
    title = "check the expiry of the token here, too"
    safe = ReplaceExpression(path, span_of(origin.form[1]), "False" if origin.negated else "True")
    if origin.holder is None:
        return Fix(title, True, (safe,))
    if default is not None and default[0] == "const" and bool(default[2]) is not origin.negated and origin.holder.name:
        return Fix(title, True, (RemoveKeyword(path, span_of(origin.holder.form[1]), origin.holder.name),))
    return Fix(title, True, (safe,))


def _default(origin: Origin) -> Location:
    """The parameter with its default."""
    assert origin.parameter is not None
    start, end = span_of(origin.parameter[4]), span_of(origin.parameter[3][1])
    return Location(origin.block.module.path, Span(start.line, start.column, end.end_line, end.end_column))


def _fix_of_default(origin: Origin) -> Fix | None:
    if origin.parameter is None or origin.parameter[3] is not origin.form or origin.form[0] != "const":
        return None
    code = "False" if origin.negated else "True"
    edit = ReplaceExpression(origin.block.module.path, span_of(origin.form[1]), code)
    return Fix("check the expiry of the token unless told otherwise", True, (edit,))


def _stretched(program: Program, decoding: Decoding) -> Iterator[Finding]:
    yield from map(_of_leeway, stretched(program, decoding))


def _of_leeway(leeway: Leeway) -> Finding:
    return RULE.finding(
        leeway.location,
        f"a token works for another {leeway.spoken} after it has expired, time enough for a thief: "
        "a minute of leeway is plenty for clocks that differ",
        symbol=leeway.symbol,
        confidence="high" if leeway.sure else "medium",
        evidence=leeway.evidence,
        fix=leeway.fix,
    )


def _unchecked(program: Program, decoding: Decoding) -> Iterator[Finding]:
    found = unchecked(program, decoding)
    if found is None:
        return
    message = (
        f"`{decoding.spoken}` of {decoding.library} checks the signature only, so an expired token is accepted: "
        f"validate the claims before they are used"
    )
    location, symbol = decoding.call.location, decoding.call.block.symbol
    yield RULE.finding(location, message, symbol=symbol, confidence=found.confidence, fix=found.fix)
