"""Routes that ask for the same right as another one and still look whose the thing is: the right is not enough."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import running
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Unknown, Value
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.organisations import bound_beside
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.ties import Tie, compares_owner, is_of_members
from fastapi_seclint.subjects.rights.made_with import asked_for, demanded, is_same_guard
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes, authorizes_inside

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asks_owner_too(program: Program, route: Route, alike: Iterable[Route]) -> tuple[Route, Tie] | None:
    """The first of the routes by an id of the same thing that has every guard of `route` and compares the owner.

    Administrators may do what owners may; those of one organisation only with what is of theirs, where the other route
    says so.
    """
    asked = list(asked_before(program, route))
    if not asked or any(isinstance(guard, Unknown) for guard in asked):
        return None
    bound = bound_beside(program, route, [other for other in alike if _asks_as_much(other, asked)])
    if bound is not None or any(is_for_administrators(program, guard) for guard in asked):
        return bound
    ids = path_variables(route.path)[-1:]
    scopes = _demands(route)
    if any(all(_names_administrators(names) for names in each) for each in scopes):
        return None
    if not ids or any(looks_up(guard, ids[0]) for guard in asked):
        return None
    if authorizes_inside(program, route) or compares_owner(program, route) is not None:
        return None
    for other in alike:
        kind, variable = resource_of(other)
        by_same_id = ids[0] in path_variables(other.path) or (variable and kind == resource_of(route)[0])
        if other.place is None or other.function is route.function or not by_same_id:
            continue
        if _asks_as_much(other, asked) and all(each in _demands(other) for each in scopes):
            tie = compares_owner(program, other)
            if tie is not None and not is_of_members(other, resource_of(route)[0], tie):
                return other, tie
    return None


def _asks_as_much(other: Route, asked: list[Value]) -> bool:
    """Whether a route has each of some guards."""
    has = [*(node.call for node in other.nodes()), *(decorator for decorator, _ in wrapping_decorators(other))]
    return all(any(is_same_guard(guard, one) for one in has) for guard in asked)


def _demands(route: Route) -> list[list[list[str]]]:
    """What a route demands of each guard that takes scopes, by the names of the scopes."""
    return [names for node in route.nodes() if (names := demanded(node))]


def _names_administrators(names: list[str]) -> bool:
    return any(access.is_admin_name(snake(name)) for name in names)


def looks_up(guard: Value, name: str) -> bool:
    """Whether a guard, or a function around it or in it, speaks of the id: it asks for a right to that very thing."""
    function = running(guard)
    if function is None or function.number < 0:
        return False
    facts, outermost = function.module.facts, function.number
    while facts.functions[outermost][2] >= 0:
        outermost = facts.functions[outermost][2]
    pending = [outermost]
    while pending:
        number = pending.pop()
        if facts.body_mentions(number, f'"{name}"'.encode()):
            return True
        pending += facts.inside(number)
    return False


def is_for_administrators(program: Program, guard: Value) -> bool:
    """Whether a guard lets administrators pass and nobody else: it was made for them, or names them itself."""
    rights = asked_for(guard)
    if rights:
        return any(map(_names_administrators, rights))
    function = running(guard)
    for inner in reached(program, function, 1) if function is not None else ():
        said = [str(form[-1]) for form in inner.forms.of("attr", "name", "const")]
        if any(access.is_admin_name(snake(text)) for text in said if text.isidentifier()):
            return True
    return function is None


def changed_by_right(program: Program, route: Route, alike: Iterable[Route]) -> bool:
    """Whether a thing that is read here is changed by who has a right there, so that no owner decides about it."""
    changing = (other for other in alike if other.path == route.path and access.changes_state(other))
    return any(authorizes(program, other) for other in changing)
