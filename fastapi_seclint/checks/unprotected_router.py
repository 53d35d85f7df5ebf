"""FSL502: every route of a router is open, and the router is for administrators or stands beside guarded ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.checks import _access as access
from fastapi_seclint.program.routers import Include, Router, strings
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Place, string
from fastapi_seclint.rule import Evidence, Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL502",
    name="unprotected-router",
    summary="a whole router that should be guarded is open to everybody",
    severity="critical",
    cwe=(306, 862),
    owasp=("API2", "API5"),
    guide="9",
)


@dataclass(frozen=True, slots=True)
class _Opening:
    """A router that is open as a whole: where to mend it, why it should be guarded, the routes that stand open."""

    place: Place
    reason: str
    routes: tuple[Route, ...]
    evidence: tuple[Evidence, ...]


@RULE.check
def unprotected_router(program: Program) -> Iterator[Finding]:
    """One finding a router, on the `include_router(...)` or `APIRouter(...)` call; its routes are evidence."""
    for opening in _openings(program):
        shown = [
            Evidence(route.place.location, f"{access.spoken(route)} is open") for route in opening.routes if route.place is not None
        ]
        count = len(opening.routes)
        first = access.spoken(opening.routes[0])
        yield RULE.finding(
            opening.place.location,
            f"anyone can call {first}{f' and {count - 1} more routes' if count > 1 else ''} of this router: {opening.reason}; "
            "give it dependencies=[Depends(...)] that authenticate and authorize the caller",
            confidence="high" if access.has_authentication(program) else "medium",
            symbol=opening.place.module.name,
            evidence=(*shown, *opening.evidence),
            masks=("unprotected-route", "missing-authorization"),
        )


def covered(program: Program) -> set[int]:
    """The routes, by identity, that an open router's finding already speaks of."""
    return {id(route) for opening in _openings(program) for route in opening.routes}


def _openings(program: Program) -> list[_Opening]:
    if not access.has_authentication(program):
        return []
    groups: dict[tuple[int, int], list[Route]] = {}
    for route in program.routes:
        if route.router.kind == "router" and route.kind in ("http", "websocket"):
            way = id(route.includes[-1]) if route.includes else 0
            groups.setdefault((id(route.router), way), []).append(route)
    found = [_opening(program, routes) for routes in groups.values()]
    return [opening for opening in found if opening is not None]


def _opening(program: Program, routes: list[Route]) -> _Opening | None:
    from fastapi_seclint.checks.unprotected_route import exposed

    router = routes[0].router
    if program.is_test(router.place.module) or not all(_is_open(program, route) for route in routes):
        return None
    if any(access.is_entrance(program, route) or access.is_for_development(route) for route in routes):
        return None
    include = routes[0].includes[-1] if routes[0].includes else None
    telling = _admin_like(router, include)
    if telling is not None:
        place, words = telling
        return _Opening(place, f"{words} speaks of administration and nothing guards it", tuple(routes), ())
    if include is None or not any(exposed(program, route) for route in routes):
        return None
    sibling = _guarded_sibling(program, routes[0], include)
    if sibling is None:
        return None
    evidence = Evidence(sibling.place.location, "this include is guarded")
    return _Opening(include.place, "the includes beside it are guarded and this one is not", tuple(routes), (evidence,))


def _is_open(program: Program, route: Route) -> bool:
    guarding = program.guarding(route)
    return guarding.protection == "open" and not any(
        meeting.missing == "denies" or meeting.optional for meeting in guarding.meetings
    )


def _admin_like(router: Router, include: Include | None) -> tuple[Place, str] | None:
    """Where a router says that it is for administrators, and in which words."""
    prefix = string(router.prefix) or ""
    tags = strings(router.arguments.get("tags")) or ()
    for words in (prefix, *tags):
        if access.is_admin_like(words):
            return router.place, f"{words!r}"
    if include is not None:
        prefix = string(include.prefix) or ""
        for words in (prefix, *(strings(include.arguments.get("tags")) or ())):
            if access.is_admin_like(words):
                return include.place, f"{words!r}"
    return None


def _guarded_sibling(program: Program, route: Route, include: Include) -> Include | None:
    """Another include of the same parent that is given dependencies which authenticate."""
    for other in program.routes:
        for sibling in other.includes:
            if sibling is include or sibling.dependencies is None or sibling.place.module is not include.place.module:
                continue
            if _same_parent(route, other, include, sibling) and _authenticates(program, sibling):
                return sibling
    return None


def _same_parent(route: Route, other: Route, include: Include, sibling: Include) -> bool:
    return route.app is other.app and route.includes.index(include) == other.includes.index(sibling) and (
        route.includes[: route.includes.index(include)] == other.includes[: other.includes.index(sibling)]
    )


def _authenticates(program: Program, include: Include) -> bool:
    nodes = program.walker.resolver.of_list(include.dependencies, include.place)
    return any(program.guard_model.authenticates(node.call) for node in nodes)


