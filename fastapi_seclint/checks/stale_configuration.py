"""FSL005: a configured exception that matches nothing any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.suppressions import RunFacts

RULE = Rule(
    code="FSL005",
    name="stale-configuration",
    summary="a configured public route, guard or ignore matches nothing",
    severity="low",
    persona="pedantic",
)


@RULE.reviews
def stale_configuration(run: RunFacts) -> Iterator[Finding]:
    """One finding an entry, in the configuration file; with `--strict` everybody sees it."""
    for entry in run.stale:
        message = f"{entry.message}; remove the entry, or mend it"
        yield RULE.finding(entry.location, message, persona="regular" if run.strict else None)
