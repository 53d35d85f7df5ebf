"""FSL006: a suppression comment whose `until=` date has passed, so that it hides nothing any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.suppressions import RunFacts

RULE = Rule(
    code="FSL006",
    name="expired-suppression",
    summary="a suppression comment was meant to hold until a date that has passed",
    severity="low",
)


@RULE.reviews
def expired_suppression(run: RunFacts) -> Iterator[Finding]:
    """One finding a comment whose last day is over."""
    for comment in run.comments:
        if not comment.dead and comment.until is not None and run.today is not None and comment.until < run.today:
            yield RULE.finding(
                comment.location,
                f"this suppression ended on {comment.until}; mend what it hid, or decide anew and set another date",
            )
