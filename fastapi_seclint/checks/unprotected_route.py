"""FSL501: a route that changes state, starts work or returns private data, and nothing in its chain authenticates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks.unprotected_router import covered
from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.guards import access, resets
from fastapi_seclint.subjects.guards.authentication import asks_callers, comparison
from fastapi_seclint.subjects.guards.choice import is_meant
from fastapi_seclint.subjects.guards.decorating import decorated_like_others
from fastapi_seclint.subjects.guards.exposure import excuse, exposed
from fastapi_seclint.subjects.guards.fixes import guarded_calls
from fastapi_seclint.subjects.guards.said import says_it_is_for_services
from fastapi_seclint.subjects.wiring.unwired import is_unwired

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
    fixable="unsafe",
)


@RULE.check
def unprotected_route(program: Program) -> Iterator[Finding]:
    """One finding a handler, on its `def` line; further paths of the same handler are evidence."""
    elsewhere = covered(program)
    handlers: dict[object, list[tuple[Route, str]]] = {}
    for route in program.routes:
        if id(route) in elsewhere or not asks_callers(program, route.app) or is_unwired(program, route):
            continue
        if why := exposed(program, route):
            handlers.setdefault(route.place, []).append((route, why))
    for routes in handlers.values():
        yield _finding(program, routes)


@RULE.excuses
def left_alone(program: Program, route: Route) -> str:
    """Why an open route is not reported, or an empty string."""
    if program.guarding(route).protection != "open":
        return ""
    if id(route) in covered(program):
        return "unprotected-router speaks of the whole router"
    if why := excuse(program, route):
        return why
    if not asks_callers(program, route.app):
        return "nothing in this application asks who is calling, so open routes are taken for meant"
    if is_unwired(program, route):
        return "a guard is written for it and never runs, which another rule reports"
    if exposed(program, route):
        return ""
    return "nothing shows that it changes anything or gives away what is somebody's own"


def _finding(program: Program, routes: list[tuple[Route, str]]) -> Finding:
    route, why = routes[0]
    compared, evidence = comparison(program, route)
    advice = "depend on it here too" if compared else "add a dependency that authenticates the caller"
    hint = f", while {compared}; {advice}" if compared else f"; {advice}"
    confidence: Confidence = "high" if access.acts(route) or "DELETE" in route.methods else "medium"
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"anyone can call {access.spoken(route)}, which {why}: nothing on its way authenticates{hint}",
        severity="critical" if access.is_admin_like(route.path) else None,
        confidence=confidence,
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=[*evidence, *_other_ways(routes)],
        fix=_fix(program, routes),
        masks=("unprotected-route", *BEHIND_AUTHENTICATION),  # the next one shows beside it
    )


def _fix(program: Program, routes: list[tuple[Route, str]]) -> Fix | None:
    """The project's own guard on each decorator or call that registers the handler."""
    registrations = [route.registration for route, _ in routes]
    if any(route.kind != "http" or is_meant(program, route) for route, _ in routes):
        return None
    if any(says_it_is_for_services(route) or resets.is_for_who_forgot(route) for route, _ in routes):
        return None
    admin = any(access.is_admin_like(route.path) for route, _ in routes)
    places = [item.place for item in registrations if item is not None]
    guarded = [route for route, _ in routes]
    return guarded_calls(program, places, admin, guarded) or decorated_like_others(program, guarded)


def _other_ways(routes: list[tuple[Route, str]]) -> Iterator[Evidence]:
    """The other paths and methods under which a stranger reaches the same handler."""
    for other, _ in routes[1:]:
        if other.registration is not None and access.key(other) != access.key(routes[0][0]):
            yield Evidence(other.registration.place.location, f"also reached as {access.spoken(other)}")
