"""FSL305: an access token and a refresh token have the same key and the same claims, so one does for the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.tokens.kinds import Kind, kinds, made_together, same_key, told_apart
from fastapi_seclint.subjects.tokens.mailed import mailed_pairs
from fastapi_seclint.subjects.tokens.refreshing import refreshing_functions
from fastapi_seclint.subjects.tokens.stored import held_by_store
from fastapi_seclint.subjects.tokens.typing_fixes import guarded, readers, told_apart_by_type

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL305",
    name="jwt-untyped",
    summary="a refresh token opens the API as an access token does",
    severity="high",
    cwe=(287, 345),
    owasp=("API2",),
    guide="10",
    fixable="unsafe",
)

_MESSAGE = (
    "nothing in this {} token tells it from an access token, so a stolen one opens the API as long as it lives: "
    'give each kind a claim such as `"type"`, and test it where tokens are read'
)


@RULE.check
def jwt_untyped(program: Program) -> Iterator[Finding]:
    """One finding on the call that makes refresh tokens which pass for access tokens."""
    found = kinds(program)
    seen: set[Location] = set()
    if not found or held_by_store(program):
        return
    for refresh in (kind for kind in found if kind.purpose == "refresh"):
        access = [kind for kind in found if kind.purpose == "access" and same_key(program, kind, refresh)]
        access = [kind for kind in access if made_together(kind, refresh)] or access
        same = [kind for kind in access if not told_apart(program, kind, refresh)]
        if same and not any(told_apart(program, kind, refresh) for kind in access):
            finding = _finding(program, refresh, same[0], told_apart_by_type(program, refresh, found))
            if finding.location not in seen:
                seen.add(finding.location)
                yield finding
    for mailed, opens, purpose, every in mailed_pairs(program, found):
        fix = told_apart_by_type(program, mailed, every) if readers(program) else None
        finding = _finding(program, mailed, opens, fix, purpose)
        if readers(program) and finding.location not in seen:
            seen.add(finding.location)
            yield finding


def _finding(program: Program, refresh: Kind, access: Kind, fix: Fix | None, purpose: str = "refresh") -> Finding:
    evidence = []
    location, symbol = refresh.place.location, refresh.symbol
    if _is_one_maker(refresh, access):
        location, symbol = refresh.token.encoding.call.location, refresh.token.encoding.call.block.symbol
        evidence.append(Evidence(refresh.place.location, f"the {purpose} token is made here"))
    if access.place.location != refresh.place.location:
        evidence.append(Evidence(access.place.location, "the access token is made here"))
    evidence += [Evidence(decoding.call.location, "tokens are read here") for decoding in readers(program)]
    renewing = [(function.place.location, "tokens are renewed here") for function in refreshing_functions(program)]
    for where, message in (*((place, "a guard takes tokens here") for place in guarded(program)), *renewing):
        if where.path not in {item.location.path for item in evidence} | {location.path}:
            evidence.append(Evidence(where, message))
    sure = refresh.sure and access.sure
    return RULE.finding(
        location, _MESSAGE.format(purpose), symbol=symbol, confidence="high" if sure else "medium",
        evidence=evidence, fix=fix, masks=("jwt-type-unchecked",),
    )  # fmt: skip


def _is_one_maker(refresh: Kind, access: Kind) -> bool:
    """Whether one function writes the claims of both tokens, for callers that are not called after either."""
    call = refresh.token.encoding.call
    if call.location != access.token.encoding.call.location:
        return False
    subject = refresh.token.claims.get("sub")
    written = [one.block.symbol for one in subject.written] if subject is not None else []
    return call.block.symbol in written and "refresh" not in words_of(refresh.symbol.rpartition(".")[2])
