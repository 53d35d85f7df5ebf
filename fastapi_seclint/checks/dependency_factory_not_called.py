"""FSL509: a factory of guards is given to Depends without being called, so the guard that it makes never runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Class
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Confidence, Evidence, Finding, Rule, Severity
from fastapi_seclint.subjects.wiring.factories import Factory, uncalled
from fastapi_seclint.subjects.wiring.factory_calls import call_for

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL509",
    name="dependency-factory-not-called",
    summary="a guard is never run, since the factory that makes it was not called",
    severity="critical",
    cwe=(285, 862),
    owasp=("API5",),
    guide="5",
    fixable="unsafe",
)


@RULE.check
def dependency_factory_not_called(program: Program) -> Iterator[Finding]:
    """A finding on each `Depends(...)` that names a factory or a class of guards instead of a guard."""
    for call, argument, factory in uncalled(program):
        yield _finding(program, call, argument, factory)


def _finding(program: Program, call: Call, argument: Argument | None, factory: Factory) -> Finding:
    severity: Severity = "critical"
    confidence: Confidence = "high" if factory.sure else "medium"
    required = [item.name for item in factory.parameters if item.default is None and item.kind not in _MANY]
    if not required and any(item.kind in _MANY for item in factory.parameters):
        severity = "medium"
    wanted = "is a class of guards" if isinstance(factory.value, Class) else "only makes the guard"
    taken = [*required, *(item.name for item in factory.parameters if item.kind == KEYWORDS)]
    client = f", with `{taken[0]}` from the client's query" if taken else ""
    happens = f"FastAPI calls it{client} and never runs the check, so nobody is checked"
    spread = next((item.name for item in factory.parameters if item.kind == VARIADIC), None)
    if spread is not None:
        happens = f"FastAPI takes `{spread}` from the query and cannot call it with that, so everybody is refused"
    evidence = []
    if factory.guard is not None:
        evidence.append(Evidence(factory.guard.place.location, "this is the check that never runs"))
    fix = None
    if argument is not None:
        fix = call_for(program, call, argument, factory.value, factory.parameters)
    spoken = factory.name if argument is None else spelled(argument.form)
    return RULE.finding(
        call.location,
        f"`{factory.name}` {wanted}: {happens}; call it yourself, `Depends({spoken}(...))`",
        severity=severity,
        confidence=confidence,
        symbol=call.block.symbol,
        evidence=evidence,
        fix=fix,
        masks=BEHIND_AUTHENTICATION,
    )


_MANY = (VARIADIC, KEYWORDS)
