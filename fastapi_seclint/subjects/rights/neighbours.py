"""The route that forgot the rights which the others of its router ask for: who forgot them forgot them there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access, entrances
from fastapi_seclint.subjects.owners.belongings import is_published, owner_field
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.using import is_tied, ties_caller
from fastapi_seclint.subjects.rights.made_with import is_same_guard
from fastapi_seclint.subjects.rights.privileged import ignores_its_caller, is_about_oneself
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes, decides_inside
from fastapi_seclint.subjects.rights.words import names_right, speaks_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST = 2
_STRICT_FOR_EACH_LOOSE = 3
"""How many routes with rights must stand in a router for each other one without."""


def unlike_its_neighbours(program: Program, route: Route) -> list[Route]:
    """The changing routes of the same router that look at the caller's rights, where nearly all do and this does not.

    Routes of the application itself are taken together by the path that things of a kind are below.

    A change that notes or asks who makes it is left alone: what everybody may hand in, administrators look after.
    Rights to one thing, which a handler looks up for itself, say nothing of who may make a new one; and two that each
    list a guard which lets every user in were meant to.
    """
    lists = _lists_people(route)
    if not (lists or _changes(program, route)) or not asks_for_nothing(program, route):
        return []
    beside = {
        other.place: other
        for other in in_one_room(program, route)
        if route.router is not route.app or _kind(other) == _kind(route) != ""
        if _changes(program, other) or (access.changes_state(other) and _is_strict(program, other, False))
    }
    if len(beside) < _LEAST or ties_caller(program, route) or is_tied(program, route):
        return []
    inside = lists or bool(path_variables(route.path))
    strict = [other for other in beside.values() if _is_strict(program, other, inside)]
    loose = [other for other in beside.values() if other not in strict]
    if _lists_guards(route) and any(map(_lists_guards, loose)):
        return []
    if is_meant_for_people(program, route) or (_makes(route, strict) and not _agree(program, strict)):
        return []
    if lists and (loose or len(strict) <= _LEAST):
        return []
    return strict if len(strict) >= max(_LEAST, len(loose) * _STRICT_FOR_EACH_LOOSE) else []


_PEOPLE = re.compile(r"^(users|accounts|customers|members|employees|patients)$")


def _lists_people(route: Route) -> bool:
    """Whether a route lists all accounts: where whoever changes one of them is asked for rights, so is who sees all."""
    last = (access.segments(route.path) or [""])[-1]
    return set(route.methods) - {"HEAD"} == {"GET"} and _PEOPLE.match(last) is not None


def in_one_room(program: Program, route: Route) -> list[Route]:
    """The other routes of a route's router; where each route has one for itself, those of the router around them."""
    others = [other for other in program.routes if other.app is route.app and other.place != route.place]
    found = [other for other in others if other.router is route.router]
    if found or len(route.includes) < 2:
        return found
    around = route.includes[:-1]
    alone = [other for other in others if other.includes[:-1] == around]
    return alone if len({id(other.router) for other in alone}) == len({other.place for other in alone}) else []


_USES = re.compile(
    r"^(run|execute|invoke|trigger|preview|simulate|complete|completed|submit|finish|join|leave|apply|enrol|enroll|book|reserve|claim|redeem|bid|vote|rate|like|follow"
    r"|subscribe|unsubscribe|acknowledge)(_|-|$)"
)
_TAKES_PART = re.compile(r"apply|redeem|claim|checkout|check[-_]out|join|leave|enrol|enroll|book|reserve|bid|vote")
"""What somebody does with things that others look after, even where no id names one: `POST /coupons/apply`."""
_THINGS = re.compile(r"book|claim|bid|vote|leave")
"""The words among them that things are called by, too."""


def _is_of_things(route: Route, beside: Iterable[Route]) -> bool:
    """Whether a word that may be of an action is what things are called, `POST /book`: each has its address below."""
    things = re.sub(r"/{[^}]*}$", "", route.path.rstrip("/"))
    below = any(other.path.startswith(f"{things}/{{") for other in beside)
    return below and _THINGS.fullmatch(things.rpartition("/")[2]) is not None


def uses_a_thing(route: Route) -> bool:
    """Whether a route uses a thing or takes part in it, `POST /workflows/{id}/run`, which others look after."""
    found = access.segments(route.path)
    if found and _TAKES_PART.fullmatch(found[-1]):
        return True
    return bool(path_variables(route.path)) and any(_USES.match(word) for word in found[-1:] + found[-2:-1])


def is_meant_for_people(program: Program, route: Route) -> bool:
    """Whether what a route does is not for those who look after such things alone.

    Somebody takes part in one, `POST /jobs/{id}/apply`, or makes one that is his, as a column of the rows says.
    """
    if route.function is None:
        return False
    done = snake(route.function.name).partition("_")[0]
    if _TAKES_PART.fullmatch(done) and not _THINGS.fullmatch(done):
        return True
    if uses_a_thing(route):
        return not _is_of_things(route, in_one_room(program, route))
    if set(route.methods) != {"POST"} or path_variables(route.path):
        return False
    owner = owner_field(program, resource_of(route)[0], route.function.module)
    return owner != "" and not is_published(owner)


def _makes(route: Route, others: list[Route]) -> bool:
    """Whether a route makes one of the things that others change by their ids."""
    return all(other.path.startswith(f"{route.path.rstrip('/')}/{{") for other in others)


def _agree(program: Program, strict: list[Route]) -> bool:
    """Whether routes ask for one and the same right: where each has one of its own, making may ask for none.

    What three ask for and more is no chance, whatever it is called for each.
    """
    asked = [list(asked_before(program, other)) for other in strict]
    same = all(any(is_same_guard(one, guard) for guard in found for one in asked[0]) for found in asked[1:])
    return same or len(strict) > _LEAST


def _kind(route: Route) -> str:
    """What a path is about: `/vehicles` of `/vehicles/{plate}/driver`."""
    return route.path.partition("{")[0].rstrip("/")


def listed_for_few(program: Program, route: Route) -> Route | None:
    """The GET of a list that a guard or decorator keeps for some, where this one gives what is in it to every user."""
    path = route.path.rstrip("/")
    collection, _, last = path.rpartition("/")
    if set(route.methods) - {"HEAD"} != {"GET"} or not last.startswith("{"):
        return None
    lists = [
        other
        for other in program.routes
        if other.app is route.app and other.path.rstrip("/") == collection and "GET" in other.methods
    ]
    if not lists or not asks_for_nothing(program, route) or ties_caller(program, route) or is_tied(program, route):
        return None
    return next((other for other in lists if _is_strict(program, other, False)), None)


def _lists_guards(route: Route) -> bool:
    """Whether a route's own decorator says which guards it has."""
    return route.registration is not None and route.registration.dependencies is not None


def asks_for_nothing(program: Program, route: Route) -> bool:
    """Whether nothing on a route's way looks at the caller or at rights, nor speaks of any."""
    if route.problems or route.function is None or authorizes(program, route):
        return False
    if any(names_right(snake(str(form[-1]))) for form in route.function.forms.of("name", "attr")):
        return False
    return ignores_its_caller(program, route)


def _changes(program: Program, route: Route) -> bool:
    """Whether a route changes something that is not its caller's by its path, and is no way in."""
    if route.kind != "http" or route.function is None or not access.changes_state(route):
        return False
    if access.only_reads(route) or (entrances.is_entrance(program, route) and not _is_of_account(program, route)):
        return False
    return not is_about_oneself(access.segments(route.path))


_OF_ACCOUNT = re.compile(r"^(user|account|employee|member|staff)_?(id|uuid|pk)$", re.I)


def _is_of_account(program: Program, route: Route) -> bool:
    """Whether a route does something to the account of an id, its password say, for whoever has logged in."""
    named = any(_OF_ACCOUNT.match(name) for name in path_variables(route.path))
    return named and program.guarding(route).protection == "protected"


def _is_strict(program: Program, route: Route, inside: bool) -> bool:
    """Whether a route is seen to look at rights before its handler runs or, where that counts, inside of it."""
    if next(asked_before(program, route), None) is not None or _begins_with_a_right(program, route):
        return compares_owner(program, route) is None
    return inside and decides_inside(program, route, handed=False) and compares_owner(program, route) is None


def _begins_with_a_right(program: Program, route: Route) -> bool:
    """Whether the first thing that a handler does is to refuse by a right of its caller, whatever it is sent.

    `if not me.is_admin: raise HTTPException(403)` is a guard that stands inside.
    """
    handler = route.function
    said = [form for form in handler.statements() if not _is_docstring(form)] if handler is not None else []
    match said[:1]:
        case [["if", _, test, [["raise", *_]], []]]:
            return speaks_of_rights(test) and names_in(test) <= caller_names(program, route)
    return False


def _is_docstring(statement: Form) -> bool:
    return statement[0] == "expr" and bool(statement[2][0] == "const")
