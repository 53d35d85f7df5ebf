"""FSL404: a route where passwords, tokens or accounts can be guessed, and nothing limits how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import Confidence, Evidence, Finding, Rule
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.hollow import is_stub, only_echoes
from fastapi_seclint.subjects.limits.defaults import is_slowapi, loose_default
from fastapi_seclint.subjects.limits.fixes import GUESSING, limit_calls, limit_routes
from fastapi_seclint.subjects.limits.inert import meant_to_be_limited
from fastapi_seclint.subjects.limits.limiters import layers, limited
from fastapi_seclint.subjects.limits.too_late import refused_before_counted
from fastapi_seclint.subjects.logins.library_routes import library_routers
from fastapi_seclint.subjects.logins.mailing import mailing_routes
from fastapi_seclint.subjects.logins.purposes import Purpose
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.logins.sent import takes_password

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL404",
    name="auth-route-without-rate-limit",
    summary="passwords, tokens or accounts can be guessed at full speed",
    severity="medium",
    cwe=(307, 799),
    owasp=("API2", "API4"),
    guide="10",
    fixable="unsafe",
)

_ATTACKS: dict[Purpose, str] = {
    "login": "tries passwords at full speed",
    "registration": "opens accounts by the thousand and tries out which addresses have one",
    "password reset": "guesses reset codes, tries out addresses and floods people with mail",
    "token refresh": "tries out refresh tokens at full speed",
    "token": "tries out credentials at full speed",
    "code check": "tries all codes until one fits",
    "mail": "floods people with mail and tries out addresses",
    "configured": "guesses at full speed",
}


@RULE.check
def auth_route_without_rate_limit(program: Program) -> Iterator[Finding]:
    """One finding a handler, on its `def` line, and one an `include_router` of a library's login routes."""
    handlers: dict[object, list[tuple[Route, Purpose]]] = {}
    late: dict[object, tuple[str, list[Route]]] = {}
    mailing: list[tuple[Route, Purpose]] = [(route, "mail") for route in mailing_routes(program)]
    for route, purpose in (*auth_routes(program), *mailing):
        if is_stub(route) or only_echoes(route):
            continue
        failures = purpose in GUESSING
        if not limited(program, route, failures=failures) and not meant_to_be_limited(program, route):
            handlers.setdefault(route.place, []).append((route, purpose))
        elif purpose in GUESSING and route.place not in handlers and (name := refused_before_counted(program, route)):
            late.setdefault(route.place, (name, []))[1].append(route)
    for routes in handlers.values():
        yield _of_handler(program, routes)
    for place, (name, others) in late.items():
        if place not in handlers:
            yield _too_late(program, name, others)
    yield from _of_libraries(program)


def _too_late(program: Program, name: str, routes: list[Route]) -> Finding:
    route = routes[0]
    assert route.place is not None
    places = [one.registration.place for one in routes if one.registration is not None]
    return RULE.finding(
        route.place.location,
        f"the decorator of {access.spoken(route)} counts only whom {name} lets in, so an attacker tries passwords at "
        "full speed: limit it by address and account, in a dependency of the route or the middleware",
        symbol=access.symbol(route),
        route=access.key(route),
        fix=limit_calls(program, places, guessing=True),
    )


def _of_handler(program: Program, routes: list[tuple[Route, Purpose]]) -> Finding:
    route, purpose = routes[0]
    spoken = access.spoken(route)
    others = {access.spoken(other): other for other, _ in routes[1:] if access.spoken(other) != spoken}
    evidence = [
        Evidence(other.registration.place.location, f"also reached as {name}")
        for name, other in others.items()
        if other.registration is not None
    ]
    confidence: Confidence = "high" if purpose == "configured" or takes_password(program, route) else "medium"
    assert route.place is not None
    loose = loose_default(program) if any(map(is_slowapi, layers(route))) else ""
    limits = f"the limit for all routes, {loose}, lets {spoken} be called all day" if loose else ""
    return RULE.finding(
        route.place.location,
        f"{limits or f'nothing limits how often {spoken} is called'}, so an attacker {_ATTACKS[purpose]}: limit it by "
        "address and account, in a decorator, a dependency or the middleware",
        confidence=confidence,
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        fix=limit_routes(program, [route for route, _ in routes], guessing=purpose in GUESSING),
    )


def _of_libraries(program: Program) -> Iterator[Finding]:
    for router in library_routers(program):
        if not router.limited:
            yield RULE.finding(
                router.location,
                f"the {router.purpose} routes of {router.library} come without a limit, so an attacker "
                f"{_ATTACKS[router.purpose]}: include them with a dependency that limits rates",
                symbol=router.symbol,
                fix=limit_calls(program, [router.place]),
            )
