"""FSL520: a dependency is written so that FastAPI does not see it, and the client supplies what it should give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Evidence, Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.wiring.dependencies import Consumer
from fastapi_seclint.subjects.wiring.lost import Loss, lost

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL520",
    name="dependency-lost",
    summary="FastAPI does not see the dependency, so the client supplies the user",
    severity="critical",
    cwe=(287, 807),
    owasp=("API2",),
    guide="5",
    fixable="safe",
)


@RULE.check
def dependency_lost(program: Program) -> Iterator[Finding]:
    """A finding on each parameter, alias or `Depends` that loses a dependency."""
    seen: set[Location] = set()
    for consumer, loss in lost(program):
        if loss.location not in seen:
            seen.add(loss.location)
            yield _finding(consumer, loss)


def _finding(consumer: Consumer, loss: Loss) -> Finding:
    function, parameter = consumer.function, consumer.parameter
    losing = parameter.place.location
    elsewhere = (losing.path, losing.span.line) != (loss.location.path, loss.location.span.line)
    said = f"the client sends `{parameter.name}` of `{function.name}`"
    return RULE.finding(
        loss.location,
        loss.message,
        severity=loss.severity,
        confidence=loss.confidence,
        symbol=function.dotted,
        evidence=[*loss.evidence, *([Evidence(losing, said)] if elsewhere else [])],
        fix=loss.fix,
        masks=BEHIND_AUTHENTICATION,
    )
