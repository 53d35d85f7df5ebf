"""FSL003: a suppression comment that cannot be read, or that names no rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.suppressions import RunFacts

RULE = Rule(
    code="FSL003",
    name="malformed-suppression",
    summary="a suppression comment cannot be read, names no rule or an unknown one",
    severity="low",
)


@RULE.reviews
def malformed_suppression(run: RunFacts) -> Iterator[Finding]:
    """One finding a comment, with all that is wrong in it."""
    for comment in run.comments:
        if comment.faults:
            yield RULE.finding(
                comment.location, f"this comment suppresses less than it says: {'; '.join(comment.faults)}"
            )
