"""FSL504: an object is loaded by the id in the path and never tied to the user who asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Persona, Rule
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.belongings import (
    lacks,
    refers_elsewhere,
)
from fastapi_seclint.subjects.owners.beside import held_beside
from fastapi_seclint.subjects.owners.cases import Case, below, direct, inside, of_dropped
from fastapi_seclint.subjects.owners.contained import contained
from fastapi_seclint.subjects.owners.evidence import (
    is_callers,
)
from fastapi_seclint.subjects.owners.fixes import compared
from fastapi_seclint.subjects.owners.hidden import reads_hidden
from fastapi_seclint.subjects.owners.inner import Inner, inner_id
from fastapi_seclint.subjects.owners.loops import found_in_loop
from fastapi_seclint.subjects.owners.narrowed import narrowed
from fastapi_seclint.subjects.owners.organisations import is_of_organisation
from fastapi_seclint.subjects.owners.queried import queried
from fastapi_seclint.subjects.owners.same_test import same_test
from fastapi_seclint.subjects.owners.shared import depended
from fastapi_seclint.subjects.owners.things import (
    resource_of,
    resources_of,
)
from fastapi_seclint.subjects.owners.ties import Tie, compares_owner, is_of_members
from fastapi_seclint.subjects.owners.views import view_node
from fastapi_seclint.subjects.owners.whole_lists import kept_singly
from fastapi_seclint.subjects.owners.within import container, held
from fastapi_seclint.subjects.rights.made_with import asks_roles_of_several

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL504",
    name="missing-ownership-check",
    summary="a user reaches what belongs to another one by its id",
    severity="high",
    confidence="medium",
    cwe=(639, 862),
    owasp=("API1",),
    guide="9",
    fixable="unsafe",
)


@RULE.check
def missing_ownership_check(program: Program) -> Iterator[Finding]:
    """One finding a handler, on its `def`; without evidence of an owner for auditors only."""
    seen: set[object] = set()
    ties: dict[str, tuple[Route, Tie | None]] = {}
    about: dict[str, list[Route]] = {}
    for route in program.routes:
        reads = not access.changes_state(route)
        named = [name for name in resources_of(route) if name]
        resources = [name for name in named if name not in ties or (reads and access.changes_state(ties[name][0]))]
        for name in named:
            about.setdefault(name, []).append(route)
        tie = compares_owner(program, route, 2) if resources and route.place is not None else None
        for name in resources if tie is not None else ():
            if tie is not None and not is_of_members(route, name, tie):
                ties[name] = (route, tie)
    for route in program.routes:
        name, variable = resource_of(route)
        if name and name not in ties and is_callers(program, route, name, variable):
            ties[name] = (route, None)
    within = held(program)
    for route in program.routes:
        case = direct(program, route, ties, about)
        if case is None or not case.sure:
            case = of_dropped(program, route) or below(program, route, container(route, within)) or case
        if case is None or not case.sure:
            case = below(program, route, held_beside(program, route)) or case
        if case is None or not case.sure:
            case = inside(program, route) or case
        unsure = route.place not in seen and (case is None or not case.sure)
        if unsure and (part := contained(program, route, about)) is not None:
            seen.add(route.place)
            yield _of_part(route, *part)
        elif case is not None and route.place not in seen:
            seen.add(route.place)
            mends = case.sure and case.variable in variable_names(route)
            mends = mends and not (case.tie is not None and case.tie.converted)
            mends = mends and not (is_of_organisation(case.tie) and not case.tie.caller)
            mends = mends and not any(asks_roles_of_several(node.call) for node in route.nodes())
            mends = mends and not reads_hidden(program, route, case.resource)  # whom it is shown to is not said here
            owner = case.tie.owner if case.tie is not None else case.field
            mends = mends and not (owner and lacks(program, case.resource, owner.partition(".")[0]))
            mends = mends and view_node(route) is None and not refers_elsewhere(program, case.resource, case.field)
            fix = same_test(program, route, case.sibling, case.variable) if mends else None
            if fix is None and mends:
                fix = compared(program, route, case.variable, case.field, case.tie, case.sibling)
            if fix is None and mends and case.sibling is not None:
                fix = (
                    depended(program, route, case.variable)
                    or queried(program, route, case.sibling, case.variable)
                    or narrowed(program, route, case.sibling, case.variable)
                    or _as_beside(program, route, case.variable)
                )
            fix = fix or (found_in_loop(program, route, case) if mends else None)
            yield _finding(case, fix)
        elif case is None and route.place not in seen and (inner := inner_id(program, route)) is not None:
            seen.add(route.place)
            yield _of_inner(route, inner)
        elif case is None and route.place not in seen and (single := kept_singly(program, route)) is not None:
            seen.add(route.place)
            yield _of_list(route, single)


def _as_beside(program: Program, route: Route, variable: str) -> Fix | None:
    """The fix that another route of the same path shows, which may look one thing up where the sibling lists them."""
    others = (other for other in program.routes if other.path == route.path and other.function is not route.function)
    return next((fix for other in others if (fix := narrowed(program, route, other, variable)) is not None), None)


def _finding(case: Case, fix: Fix | None) -> Finding:
    route = case.route
    assert route.place is not None
    changes = access.changes_state(route)
    does = "changes" if changes else "reads"
    thing = case.resource.replace("_", " ")
    persona: Persona = "regular" if case.sure else "auditor"
    confidence: Confidence = ("low", "medium", "high")[case.sure] if changes else ("low", "medium", "medium")[case.sure]
    owner = f"compare its {case.field} with the user's" if case.field else "compare its owner with the user"
    evidence = []
    if case.sibling is not None and case.sibling.place is not None and case.sibling.function is not route.function:
        said = f"{access.spoken(case.sibling)} looks whose {thing} it is"
        evidence.append(Evidence(case.sibling.place.location, said))
    return RULE.finding(
        route.place.location,
        f"every user {does} every {thing} with {access.spoken(route)} by sending another {case.variable!r}: nothing "
        f"ties it to the user who asks; {owner}, or look it up among his own",
        confidence=confidence,
        persona=persona,
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        fix=fix,
        masks=("inactive-user-accepted",),
    )


def _of_inner(route: Route, inner: Inner) -> Finding:
    does = "changes" if access.changes_state(route) else "reads"
    thing = inner.thing.replace("_", " ")
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"who may use one {inner.outer!r} {does} the {thing} of every other one with {access.spoken(route)}: "
        f"{inner.guard} asks for {inner.outer!r} only, and nothing ties {inner.variable!r} to it; look the {thing} up "
        "by both",
        symbol=access.symbol(route),
        route=access.key(route),
        masks=("inactive-user-accepted",),
    )


def _of_list(route: Route, single: Route) -> Finding:
    thing = resource_of(single)[0].replace("_", " ")
    assert route.place is not None
    said = f"{access.spoken(single)} looks whose {thing} it is"
    return RULE.finding(
        route.place.location,
        f"every user reads every {thing} with {access.spoken(route)}, while {said}: list those of the user who asks",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=[Evidence(single.place.location, said)] if single.place is not None else [],
        masks=("inactive-user-accepted",),
    )


def _of_part(route: Route, resource: str, whole: str, sibling: Route) -> Finding:
    does = "changes" if access.changes_state(route) else "reads"
    thing, outer = resource.replace("_", " "), whole.replace("_", " ")
    assert route.place is not None
    said = f"{access.spoken(sibling)} looks whose {outer} it is"
    return RULE.finding(
        route.place.location,
        f"every user {does} every {thing} with {access.spoken(route)}: it is a part of a {outer}, and {said}, but "
        f"nothing asks here; look up the {outer} of the {thing} and compare its owner with the user",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=[Evidence(sibling.place.location, said)] if sibling.place is not None else [],
        masks=("inactive-user-accepted",),
    )
