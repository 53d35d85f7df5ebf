"""FSL701: a secret is compared with `==` or `in`, which stop at the first difference and so tell how much was right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.secrets.comparison_fixes import constant_time
from fastapi_seclint.subjects.secrets.comparisons import Comparison, comparisons

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL701",
    name="api-key-compared-unsafely",
    summary="a secret is compared in a time that depends on how much of it is right",
    severity="medium",
    cwe=(208,),
    owasp=("API2",),
    guide="7",
    fixable="safe",
)


@RULE.check
def api_key_compared_unsafely(program: Program) -> Iterator[Finding]:
    """One finding for each `==`, `!=`, `in` or `not in` between a request's credential and a secret."""
    for item in comparisons(program):
        if item.operator == "compare_digest" or only_in_development(Place(item.block.module, item.form[1])):
            continue
        edits = constant_time(program, item)
        yield RULE.finding(
            item.block.location(item.form),
            f"`{item.operator}` takes longer the more of the {item.kind} is right, so an attacker who measures can "
            "find it piece by piece: compare with `secrets.compare_digest`",
            confidence="high" if _surely(item) else "medium",
            symbol=item.block.symbol,
            fix=Fix("compare in constant time", True, edits) if edits else None,
        )


def _surely(item: Comparison) -> bool:
    return item.operator in ("==", "!=") or item.secret[0] != "call"
