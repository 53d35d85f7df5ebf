"""FSL501: a route that changes state, starts work or returns private data, and nothing in its chain authenticates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks import _access as access
from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import Confidence, Evidence, Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL501",
    name="unprotected-route",
    summary="anyone can call a route that changes state or returns private data",
    severity="high",
    cwe=(306, 862),
    owasp=("API2", "API5"),
    guide="9",
)


@RULE.check
def unprotected_route(program: Program) -> Iterator[Finding]:
    """One finding a handler, on its `def` line; further paths of the same handler are evidence."""
    from fastapi_seclint.checks.unprotected_router import covered

    if not access.has_authentication(program):
        return
    elsewhere = covered(program)
    handlers: dict[object, list[tuple[Route, str]]] = {}
    for route in program.routes:
        if id(route) not in elsewhere and (why := exposed(program, route)):
            handlers.setdefault(route.place, []).append((route, why))
    for routes in handlers.values():
        yield _finding(program, routes)


def exposed(program: Program, route: Route) -> str:
    """What a stranger gets from an open route that is not meant for everybody, or an empty string."""
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return ""
    if access.is_entrance(program, route) or access.is_probe(route) or access.is_for_development(route):
        return ""
    guarding = program.guarding(route)
    if guarding.protection != "open" or any(
        meeting.missing == "denies" or meeting.optional or meeting.inert for meeting in guarding.meetings
    ):
        return ""
    if access.changes_state(route):
        return "" if access.only_reads(route) else "changes state"
    if access.is_admin_like(route.path):
        return "is for administrators"
    field = access.returns_personal_data(program, route)
    return f"returns {field}" if field else ""


def _finding(program: Program, routes: list[tuple[Route, str]]) -> Finding:
    route, why = routes[0]
    compared, evidence = access.comparison(program, route)
    others = [other for other, _ in routes[1:] if other.place is not None]
    evidence += [
        Evidence(other.registration.place.location, f"also reached as {access.spoken(other)}")
        for other in others
        if other.registration is not None and other.path != route.path
    ]
    confidence: Confidence = "high" if access.acts(route) or "DELETE" in route.methods else "medium"
    hint = f", while {compared}; depend on it here too" if compared else "; add a dependency that authenticates the caller"
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"anyone can call {access.spoken(route)}, which {why}: nothing on its way authenticates{hint}",
        severity="critical" if access.is_admin_like(route.path) else None,
        confidence=confidence,
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        masks=("missing-authorization", "missing-ownership-check", "inactive-user-accepted"),
    )
