"""What says that things are for their owners, and what that others may see them."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.outliers import gives_published
from fastapi_seclint.subjects.owners.accounts import tables_of_people
from fastapi_seclint.subjects.owners.asked import (
    is_looked_at_inside,
    takes_person,
)
from fastapi_seclint.subjects.owners.belonging_words import (
    AUTHORED,
    PEOPLE,
    PERSONAL,
    PRIVATE,
)
from fastapi_seclint.subjects.owners.belongings import (
    is_for_sale,
    is_in_sight,
    owner_field,
    records_are_in_sight,
    singular,
)
from fastapi_seclint.subjects.owners.contacts import tables_of_contacts
from fastapi_seclint.subjects.owners.hidden import owned_beside, reads_hidden
from fastapi_seclint.subjects.owners.identity import bundles, caller_names, guard_calls
from fastapi_seclint.subjects.owners.left_callers import hands_left_caller
from fastapi_seclint.subjects.owners.listed import all_are_listed
from fastapi_seclint.subjects.owners.making import tie_to_maker
from fastapi_seclint.subjects.owners.same_right import asks_owner_too
from fastapi_seclint.subjects.owners.stores import lists_of_caller, looks_up_both, looks_up_for_caller
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.ties import Tie
from fastapi_seclint.subjects.owners.uses import uses
from fastapi_seclint.subjects.owners.views import uses_caller, view_node, works_with_caller
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def is_callers(program: Program, route: Route, name: str, variable: str) -> bool:
    """Whether a route looks things up among the caller's own, without a comparison that a fix could repeat."""
    if not variable and PRIVATE.match(name) and _lists_for_caller(program, route):
        return True
    if variable and access.changes_state(route):
        return looks_up_both(program, route, variable)
    return looks_up_for_caller(program, route, name) or (bool(variable) and looks_up_both(program, route, variable))


def _lists_for_caller(program: Program, route: Route) -> bool:
    """Whether a route lists things and asks for the caller's, as `select(..., me.id)` does."""
    handler = route.function
    if handler is None or access.changes_state(route):
        return False
    if not takes_person(program, route):
        return hands_left_caller(program, route)
    view = view_node(route)
    if view is not None:
        return works_with_caller(program, route, view)
    calls = {form[1] for form in guard_calls(program, route)}
    handed = (item for form in handler.forms.of("call") if calls for item in form[3])
    return any(item[1] in calls for item in handed) or uses(handler, caller_names(program, route) - bundles(route))


def is_looked_at(program: Program, route: Route, resource: str, ties: Container[str]) -> bool:
    """Whether a middleware, or the handler itself, looks who is calling, where things of a kind have owners."""
    module = route.function.module if route.function is not None else None
    owned = resource in ties or (module is not None and bool(owner_field(program, resource, module)))
    return owned and is_looked_at_inside(program, route)


def is_unguarded(program: Program, route: Route) -> bool:
    """Whether nothing looks at the caller's rights before the handler runs."""
    return next(asked_before(program, route), None) is None


def is_hidden(program: Program, route: Route, resource: str, about: dict[str, list[Route]]) -> bool:
    """Whether what a route reads is kept from others: in itself, or since it is listed for its owner only.

    Or since whatever else reads one of such things looks whether its caller may.
    """
    if reads_hidden(program, route, resource) or lists_of_caller(program, resource, about):
        return True
    others = {
        other.place: other
        for other in about.get(resource, ())
        if other.place != route.place and "GET" in other.methods and resource_of(other)[1]
    }
    asking = (uses_caller(program, other) and authorizes(program, other) for other in others.values())
    return len(others) > 1 and all(asking)


def is_for_all(program: Program, route: Route, resource: str) -> bool:
    """Whether things of a kind are there for everybody to see: they are for sale, all are listed, or published."""
    return is_for_sale(program, resource) or all_are_listed(program, route) or gives_published(route)


def owned_besides(program: Program, route: Route, resource: str, alike: list[Route]) -> tuple[Route, Tie] | None:
    """A route beside one that asks for a right, which shows that the right to such things is not enough."""
    found = None if PEOPLE.match(resource) else asks_owner_too(program, route, alike)
    if found is None and reads_hidden(program, route, resource):
        found = owned_beside(program, route, resource, alike)
    return found


def is_somebody(program: Program, resource: str) -> bool:
    """Whether things of a kind are people: by what they are called, or since they log in, whatever that is."""
    if resource in {singular(name) for name in tables_of_contacts(program)}:
        return False
    return PEOPLE.match(resource) is not None or resource in {singular(name) for name in tables_of_people(program)}


def is_personal(program: Program, route: Route, resource: str, changes: bool) -> bool:
    """Whether things of this kind belong to somebody by what they are, where the project does not show what it stores.

    The handler, or the dependency that loads the thing, takes the caller as a parameter: it was written with him in
    mind.
    """
    if is_in_sight(program, resource) or records_are_in_sight(program) or not takes_person(program, route):
        return False
    return PERSONAL.match(resource) is not None or (changes and AUTHORED.match(resource) is not None)


def is_for_its_maker(program: Program, route: Route, resource: str) -> bool:
    """Whether a handler knows its caller, things of this kind are made for him, and no route lists them to others."""
    if AUTHORED.match(resource) or not takes_person(program, route) or tie_to_maker(program, resource) is None:
        return False
    lists = [other for other in program.routes if "GET" in other.methods and resource_of(other) == (resource, "")]
    return all(_lists_for_caller(program, other) for other in lists)
