"""What speaks for a thing having an owner whom a route that takes its id never looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Const, External, Function, options
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.asked import (
    is_no_object,
    knows_its_user,
    lists_own,
    takes_person,
)
from fastapi_seclint.subjects.owners.belonging_words import (
    AUTHORED,
    PEOPLE,
    PERSONAL,
    PRIVATE,
)
from fastapi_seclint.subjects.owners.belongings import (
    is_published,
    names_owner,
    owner_field,
    singular,
)
from fastapi_seclint.subjects.owners.dropped import dropped
from fastapi_seclint.subjects.owners.evidence import (
    is_callers,
    is_for_all,
    is_for_its_maker,
    is_hidden,
    is_looked_at,
    is_personal,
    is_somebody,
    is_unguarded,
    owned_besides,
)
from fastapi_seclint.subjects.owners.identity import caller_names, guards
from fastapi_seclint.subjects.owners.maker_names import tie_by_name
from fastapi_seclint.subjects.owners.making import tie_to_maker
from fastapi_seclint.subjects.owners.organisations import bound_beside, is_of_organisation
from fastapi_seclint.subjects.owners.same_right import changed_by_right
from fastapi_seclint.subjects.owners.things import (
    by_its_key,
    is_choice,
    is_source,
    lists_other_things,
    loaded_by,
    loads,
    outer_things,
    picked,
    resource_of,
    sent_id,
)
from fastapi_seclint.subjects.owners.ties import Tie, compares_replaced
from fastapi_seclint.subjects.owners.unbound import names_unknown_owner
from fastapi_seclint.subjects.owners.uses import uses
from fastapi_seclint.subjects.owners.using import asks_too_late
from fastapi_seclint.subjects.owners.views import same_view, uses_caller, view_node
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Case:
    """A route that takes an id and never looks whose it is. `sure` tells how much speaks for an owner, 0 to 2."""

    route: Route
    resource: str
    variable: str
    field: str
    sure: int
    sibling: Route | None = None
    tie: Tie | None = None


def direct(
    program: Program, route: Route, ties: dict[str, tuple[Route, Tie | None]], about: dict[str, list[Route]]
) -> Case | None:
    """A route that takes the id of a thing and never looks whose it is; what ties such things elsewhere is given."""
    handler = route.function
    if route.kind != "http" or handler is None or route.place is None or program.is_test(handler.module):
        return None
    view = view_node(route)
    resource, variable = resource_of(route)
    sent = sent_id(program, route, resource, ties) if not path_variables(route.path) else None
    taken = {item.name for item in parameters(handler)} | loaded_by(route)
    if sent is not None:
        resource, variable = sent
        if _only_narrows(route, variable):
            return None
    elif variable not in taken or not loads(route, variable) or is_choice(program, route, variable):
        return None
    elif resource not in ties:
        resource = by_its_key(program, resource, variable)
    taken_from = sent is not None and is_source(variable)
    if names_unknown_owner(program, handler) or _is_decided_otherwise(program, route, resource, taken_from):
        return None
    if not knows_its_user(program, route) and not is_looked_at(program, route, resource, ties):
        return None
    sibling, tie = _beside(route, resource, ties)
    if authorizes(program, route) and not (asks_too_late(program, route) and is_unguarded(program, route)):
        found = owned_besides(program, route, resource, about.get(resource, []))
        if found is None:
            return None
        sibling, tie = found
    elif sibling is None:
        sibling, tie = bound_beside(program, route, about.get(resource, [])) or (None, None)
    if view is not None and not same_view(route, sibling):
        return None
    if view is not None and not access.changes_state(route) and not PRIVATE.match(resource):
        return None
    field, tie = (tie.owner, tie) if is_of_organisation(tie) else _owned_by(program, handler, resource, tie)
    sure = 2 if sibling is not None else 1 if field else 0
    changes = access.changes_state(route)
    if changes and is_somebody(program, resource) and caller_names(program, route):
        sure = max(sure, 1)
    sure = max(sure, int(is_personal(program, route, resource, changes)))
    alone = sure == 1 and not changes and not PERSONAL.match(resource) and sibling is None
    if alone and changed_by_right(program, route, about.get(resource, ())):
        return None
    kept = _kept_of_one(route) if PEOPLE.match(resource) and caller_names(program, route) else ""
    if kept:
        return Case(route, kept, variable, field, max(sure, 1), sibling, tie)
    if compares_replaced(program, route):
        return Case(route, resource, variable, field, 2, sibling, tie)
    hidden = sibling is not None and not is_published(field) and is_hidden(program, route, resource, about)
    shown = not changes and not hidden and (is_published(field) or not PRIVATE.match(resource))
    if shown and not lists_own(program, sibling) and not _is_listed_for_its_owner(program, resource, about):
        sure = int(bool(field) and not is_published(field) and is_for_its_maker(program, route, resource))
    if not sure and (sent is not None or (not changes and not field and not PRIVATE.match(resource))):
        return None
    return Case(route, resource, variable, field, sure, sibling, tie)


def _only_narrows(route: Route, variable: str) -> bool:
    """Whether an id, that nobody has to send, picks some of what people write for all to read: `/posts?author_id=`."""
    if route.function is None or access.changes_state(route):
        return False
    written = any(AUTHORED.match(singular(word)) for word in access.segments(route.path))
    return written and any(
        isinstance(default, Const) and default.value is None
        for item in parameters(route.function)
        if item.name == variable
        for given in options(item.default)
        for default in options(
            given.arguments.get("default", 0) if isinstance(given, External) and given.arguments else given
        )
    )


def _is_listed_for_its_owner(program: Program, resource: str, about: dict[str, list[Route]]) -> bool:
    """Whether a route that only reads gives people such things of their own: `/users/me/teams`."""
    for other in about.get(resource, ()):
        name, variable = resource_of(other)
        if name == resource and lists_own(program, other) and is_callers(program, other, name, variable):
            return True
    return False


def _owned_by(program: Program, handler: Function, resource: str, tie: Tie | None) -> tuple[str, Tie | None]:
    """The field that says whose a thing is, and how it is compared: as elsewhere, or with what its maker puts there."""
    field, made = owner_field(program, resource, handler.module), tie_to_maker(program, resource)
    if made is not None and (not field or made.owner == field):
        told = PERSONAL.match(resource) or AUTHORED.match(resource) or names_owner(made.owner)
        field, tie = (made.owner, tie or made) if told or field else (field, tie)
    if not field and (named := tie_by_name(program, resource)) is not None:
        return named.owner, tie or named
    return field, tie


def _is_decided_otherwise(program: Program, route: Route, resource: str, taken_from: bool) -> bool:
    """Whether a route is about nobody's own thing, works with who is calling, or gives what is for all to see.

    What makes something new out of a thing that it is told the id of, `taken_from`, is about that thing.
    """
    if (
        (is_no_object(route, resource) and not taken_from)
        or uses_caller(program, route)
        or _uses_what_is_given(program, route)
    ):
        return True
    if PEOPLE.match(resource) and lists_other_things(program, route):
        return True
    return not access.changes_state(route) and is_for_all(program, route, resource)


def _beside(route: Route, resource: str, ties: dict[str, tuple[Route, Tie | None]]) -> tuple[Route | None, Tie | None]:
    """The route that ties such things to somebody, and how; what people have with one another says nothing of them."""
    sibling, tie = ties.get(resource, (None, None))
    if sibling is not None and PEOPLE.match(resource):
        below = [_up_to(one, resource) for one in (route, sibling)]
        if below[0] != below[1] and all(below):
            return None, None  # `/channels/users/{user_id}` beside `/users/{user_id}`
    return sibling, tie


def _kept_of_one(route: Route) -> str:
    """What is always somebody's that a path asks for by the person: `/users/{id}/payments`, `/payments/user/{id}`."""
    words = [singular(word) for word in access.segments(route.path)]
    named = words[-1:] if not access.is_last_an_id(route.path) else words[-2:-1]
    return next((word for word in named if PRIVATE.match(word)), "")


def _up_to(route: Route, resource: str) -> list[str]:
    """The words of a path up to the one that says what it is about."""
    words = access.segments(route.path)
    at = next((number for number, word in enumerate(words) if singular(word) == resource), None)
    return words[: at + 1] if at is not None else []


def _uses_what_is_given(program: Program, route: Route) -> bool:
    """Whether a handler works with what a guard for rights gives it, who is calling perhaps, whatever it is called."""
    if route.function is None or guards(program, route):
        return False
    asked = list(asked_before(program, route))
    given = {node.parameter for node in route.dependencies if node.parameter and any(node.call is one for one in asked)}
    return bool(given) and uses(route.function, given)


def of_dropped(program: Program, route: Route) -> Case | None:
    """A route whose thing is looked up by a function that is handed the caller for it and does not use him."""
    handler = route.function
    if route.kind != "http" or handler is None or route.place is None or program.is_test(handler.module):
        return None
    resource, variable = resource_of(route)
    if not variable or is_no_object(route, resource):
        return None
    field = dropped(program, route)
    return Case(route, resource, variable, field, 2) if field else None


def below(program: Program, route: Route, found: tuple[str, Route] | None) -> Case | None:
    """A route below a thing that only some may read or change, `/projects/{id}/links`, and that never asks for whom.

    `found` are the variable that picks the thing, and a route that is seen to ask.
    """
    handler = route.function
    if found is None or handler is None or route.kind != "http" or route.place is None or handler.owner is not None:
        return None
    variable, sibling = found
    if not loads(route, variable) or not knows_its_user(program, route):
        return None
    if authorizes(program, route) or uses_caller(program, route) or names_unknown_owner(program, handler):
        return None
    return Case(route, picked(route, variable), variable, "", 2, sibling)


def inside(program: Program, route: Route) -> Case | None:
    """A route that changes something inside a thing of one user's own, `/orders/{id}/items/{item}`, whoever asks."""
    handler = route.function
    if route.kind != "http" or handler is None or route.place is None or not access.changes_state(route):
        return None
    taken = {item.name for item in parameters(handler)} | loaded_by(route)
    for resource, variable in outer_things(route):
        name = by_its_key(program, resource, variable)
        field = owner_field(program, name, handler.module) if PERSONAL.match(name) and variable in taken else ""
        if not field or not loads(route, variable) or not takes_person(program, route):
            continue
        if authorizes(program, route) or uses_caller(program, route) or names_unknown_owner(program, handler):
            return None
        return Case(route, name, variable, field, 1)
    return None
