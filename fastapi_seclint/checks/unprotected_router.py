"""FSL502: every route of a router is open, and the router is for administrators or stands beside guarded ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import Include, Router, native, strings
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, Place, string
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Evidence, Finding, Rule
from fastapi_seclint.subjects.guards import access, entrances
from fastapi_seclint.subjects.guards.addresses import asks_the_address
from fastapi_seclint.subjects.guards.authentication import asks_callers
from fastapi_seclint.subjects.guards.exposure import exposed, is_meant_for_everybody, is_open
from fastapi_seclint.subjects.guards.fixes import guarded_calls
from fastapi_seclint.subjects.wiring.unwired import is_unwired

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
    fixable="unsafe",
)
_SECTION = re.compile(r"\w management$", re.I)
"""How a tag names a section of the documentation, "Catalogue management", for reading as well as for changes."""


@dataclass(frozen=True, slots=True)
class _Opening:
    """A router that is open as a whole: where to mend it, why it should be guarded, the routes that stand open."""

    place: Place
    reason: str
    routes: tuple[Route, ...]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """The routes that an application has through one chain of includes; a router without any application has none."""

    includes: tuple[Include, ...]
    router: Router
    routes: list[Route]


@RULE.check
def unprotected_router(program: Program) -> Iterator[Finding]:
    """One finding a router, on the `include_router(...)` or `APIRouter(...)` call; its routes are evidence."""
    for opening in _openings(program):
        more = len(opening.routes) - 1
        first = access.spoken(opening.routes[0])
        others = f" and {more} more route{'s' if more > 1 else ''}" if more else ""
        yield RULE.finding(
            opening.place.location,
            f"anyone can call {first}{others} of this router: {opening.reason}; "
            "give it dependencies=[Depends(...)] that authenticate and authorize the caller",
            symbol=opening.place.module.name,
            route=access.key(opening.routes[0]),
            evidence=(*_shown(opening.routes), *opening.evidence),
            fix=guarded_calls(program, [opening.place], "administration" in opening.reason),
            masks=("unprotected-route", *BEHIND_AUTHENTICATION),
        )


def covered(program: Program) -> set[int]:
    """The routes, by identity, that an open router's finding already speaks of."""
    return {id(route) for opening in _openings(program) for route in opening.routes}


def _shown(routes: tuple[Route, ...]) -> Iterator[Evidence]:
    for route in routes:
        if route.place is not None:
            yield Evidence(route.place.location, f"{access.spoken(route)} is open")


@lru_cache(maxsize=1)
def _openings(program: Program) -> list[_Opening]:
    """The open routers, outermost first; what is below one of them is not told twice."""
    found: dict[tuple[Place, str], _Opening] = {}
    told: set[int] = set()
    groups = _groups(program)
    for group in sorted(groups, key=lambda group: len(group.includes)):
        if any(id(route) in told for route in group.routes) or not _stands_open(program, group):
            continue
        opening = _by_its_words(program, group) or _by_its_neighbours(program, group, groups)
        if opening is None:
            continue
        told.update(id(route) for route in group.routes)
        known = found.get((opening.place, opening.reason))
        routes = (*known.routes, *opening.routes) if known is not None else opening.routes
        found[opening.place, opening.reason] = _Opening(opening.place, opening.reason, routes, opening.evidence)
    return list(found.values())


def _groups(program: Program) -> list[_Group]:
    found: dict[tuple[int, ...], _Group] = {}
    for route in program.routes:
        if route.kind not in ("http", "websocket") or not asks_callers(program, route.app):
            continue
        if route.app.kind == "router":
            found.setdefault((id(route.app),), _Group((), route.app, [])).routes.append(route)
        for number, include in enumerate(route.includes, 1):
            router = next((instance.native for instance in native(include.router)), None)
            if router is not None:
                way = route.includes[:number]
                key = (id(route.app), *(id(step) for step in way))
                found.setdefault(key, _Group(way, router, [])).routes.append(route)
    return list(found.values())


def _stands_open(program: Program, group: _Group) -> bool:
    """Whether every route is open and none is a way in or for development, so that a guard would hurt nobody.

    A router with a guard that is wired wrongly is another rule's.
    """
    if program.is_test(group.router.place.module) or not all(is_open(program, route) for route in group.routes):
        return False
    return not any(
        entrances.is_entrance(program, route)
        or entrances.is_for_development(route)
        or is_unwired(program, route)
        or asks_the_address(program, route)
        for route in group.routes
    )


def _by_its_words(program: Program, group: _Group) -> _Opening | None:
    """A router that says in its name, prefix or tags, or in those of its include, that it is for administrators."""
    if all(is_meant_for_everybody(program, route) for route in group.routes):
        return None
    router, include = group.router, group.includes[-1] if group.includes else None
    own = (string(router.prefix) or "", *(strings(router.arguments.get("tags")) or ()))
    telling = next((words for words in own if access.is_admin_like(words)), None)
    if telling is None and access.is_admin_name(name := _name(program, router)):
        telling = name
    place = _made_at(router) if include is None or _only_open(program, router) else include.place
    if telling is None and include is not None:
        given = (string(include.prefix) or "", *(strings(include.arguments.get("tags")) or ()))
        telling = next((words for words in given if access.is_admin_like(words)), None)
        place = _made_at(router) if _is_shared(program, include) and _only_open(program, router) else include.place
    if telling is None or (_SECTION.search(telling) and not any(exposed(program, route) for route in group.routes)):
        return None
    reason = f"{telling!r} speaks of administration and nothing guards it"
    return _Opening(place, reason, tuple(group.routes), _other_end(place, router, include))


def _other_end(place: Place, router: Router, include: Include | None) -> tuple[Evidence, ...]:
    """Where a router is included, when the finding stands where it is made, and the other way round."""
    made = _made_at(router)
    found = (
        [] if include is None or include.place == place else [Evidence(include.place.location, "it is included here")]
    )
    if include is not None and include.called is not None:
        found.append(Evidence(include.called.location, "what includes it is called here"))
    return (*found, *([Evidence(made.location, "the router is made here")] if made != place else ()))


def _made_at(router: Router) -> Place:
    """Where a router is made: for one of a class of the project's own where that is called, `AdminRouter("staff")`."""
    instance = router.instance
    own = instance.place if instance is not None and isinstance(instance.cls, Class) else None
    return own if own is not None else router.place


def _is_shared(program: Program, include: Include) -> bool:
    """Whether one call includes several routers, as in a loop, so that a guard there would stand before all of them."""
    return any(
        other.place == include.place and other.router is not include.router
        for route in program.routes
        for other in route.includes
    )


def _name(program: Program, router: Router) -> str:
    """The variable that holds a router; for a plain `router`, the module that it stands in."""
    module, _, name = program.app_name(router).partition(":")
    return module.rpartition(".")[2] if name in ("router", "api_router", "api") else name


def _only_open(program: Program, router: Router) -> bool:
    """Whether a router is open by every way that leads to it, so that the router itself is the place to mend."""
    return all(is_open(program, route) for route in program.routes if route.router is router)


def _by_its_neighbours(program: Program, group: _Group, groups: list[_Group]) -> _Opening | None:
    """A router whose include stands, in the same file, beside others that are given a guard."""
    if not group.includes or not any(exposed(program, route) for route in group.routes):
        return None
    include = group.includes[-1]
    for other in groups:
        sibling = other.includes[-1] if other.includes else include
        if (
            sibling is not include
            and other.includes[:-1] == group.includes[:-1]
            and other.routes[0].app is group.routes[0].app
            and sibling.place.module is include.place.module
            and _is_given_a_guard(program, sibling, other.router)
        ):
            evidence = Evidence(sibling.place.location, "the router that is included here is guarded as a whole")
            reason = "the routers that are included beside it are guarded as a whole and this one is not"
            shared = _is_shared(program, include) and _only_open(program, group.router)
            place = _made_at(group.router) if shared else include.place
            return _Opening(place, reason, tuple(group.routes), (evidence, *_other_end(place, group.router, include)))
    return None


def _is_given_a_guard(program: Program, include: Include, router: Router) -> bool:
    resolver = program.walker.resolver
    nodes = [
        *resolver.of_list(include.dependencies, include.place),
        *resolver.of_values(router.inherited(), router.place),
    ]
    return any(program.guard_model.authenticates(node.call) for node in nodes)
