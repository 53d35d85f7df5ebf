"""FSL004: a suppression comment that does not say why the finding is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.suppressions.reading import says_nothing

if TYPE_CHECKING:
    from fastapi_seclint.suppressions import RunFacts

RULE = Rule(
    code="FSL004",
    name="suppression-without-reason",
    summary="a suppression comment does not say why the finding is accepted",
    severity="low",
)


@RULE.reviews
def suppression_without_reason(run: RunFacts) -> Iterator[Finding]:
    """One finding a comment without a reason, or with a placeholder in its place."""
    for comment in run.comments:
        if run.reasons and not comment.dead and comment.verb != "enable" and says_nothing(comment.reason):
            what = f"`{comment.reason}` is no reason" if comment.reason else "nobody can tell why this is accepted"
            yield RULE.finding(comment.location, f"{what}: say it after ` -- `, so that the next reader can judge it")
