"""Things of organisations: a route compares the tenant of a thing with its caller's, and one beside it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

from fastapi_seclint.facts.forms import Form, beginning, mentions, walk
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards.access import changes_state
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.ties import Tie, tie_by

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ORGANISATION = re.compile(r"^(org|organi[sz]ation|tenant|company|workspace)(_(id|uuid|pk))?$")

_IN_NAME = re.compile(r"(^|_)(org|organi[sz]ation|tenant|company|workspace)(_(id|uuid|pk))?$")


def bound_beside(program: Program, route: Route, alike: Iterable[Route]) -> tuple[Route, Tie] | None:
    """A route by the id of the same thing that asks whether it is of its caller's organisation, where `route` does not.

    What only changes or reads within an organisation does not, as a rule, stand beside what does so everywhere. Where
    a list gives those of its caller's organisation only, they are not to be changed from another one either.
    """
    resource, variable = resource_of(route)
    if not variable or route.function is None or _speaks_of_organisation(program, route):
        return None
    for other in alike:
        same = resource_of(other)[0] == resource and path_variables(other.path) == path_variables(route.path)
        same = same or (changes_state(route) and route.path == f"{other.path.rstrip('/')}/{{{variable}}}")
        if same and other.place is not None and other.function is not route.function:
            tie = _ties(program).get(id(other))
            if tie is not None:
                return other, tie
    return None


def is_of_organisation(tie: Tie | None) -> TypeGuard[Tie]:
    """Whether a comparison is of the organisations that a thing and its caller belong to."""
    return tie is not None and _ORGANISATION.match(snake(tie.owner)) is not None


def _speaks_of_organisation(program: Program, route: Route) -> bool:
    """Whether a handler reads the organisation of anybody or anything: it may ask for it."""
    forms = route.function.forms.of("attr", "name") if route.function is not None else ()
    return id(route) in _ties(program) or any(
        _ORGANISATION.match(snake(str(form[-1]))) and beginning(form) in caller_names(program, route) for form in forms
    )


@lru_cache(maxsize=1)
def _ties(program: Program) -> dict[int, Tie]:
    """How the routes with an id in their path, and lists, compare organisations, by the identity of the route."""
    found: dict[int, Tie] = {}
    for route in program.routes:
        handler = route.function
        lists = "GET" in route.methods and not path_variables(route.path)
        if route.kind != "http" or handler is None or not (lists or path_variables(route.path)):
            continue
        callers = caller_names(program, route)
        spared = _spared(handler) if callers else set[int]()
        told = _told(handler, callers) if lists and callers else {}
        for form in handler.forms.of("compare") if callers else ():
            tie = _compared(form, callers) or (_compared_with_told(form, told) if told else None)
            if tie is not None:
                found.setdefault(id(route), replace(tie, caller="") if id(form) in spared else tie)
    return found


def _told(handler: Function, callers: set[str]) -> dict[str, Form]:
    """The names of a handler that hold an organisation made of the caller: `tenant = tenant_of(me, sent)`."""
    found: dict[str, Form] = {}
    for form in handler.forms.of("assign"):
        for target in form[2]:
            named = target[0] == "name" and _IN_NAME.search(snake(target[2])) is not None
            if named and mentions(form[3], callers):
                found[target[2]] = form[3]
    return found


def _compared_with_told(form: Form, told: dict[str, Form]) -> Tie | None:
    """`Printer.tenant_id == tenant`, where `tenant` holds the caller's."""
    match form:
        case ["compare", _, ["attr", _, _, str(name)] as left, ["=="], [["name", _, str(held)]]] if held in told:
            if _ORGANISATION.match(snake(name)):
                return Tie(f".{name}", f".{name}", beginning(left), "")
    return None


def _spared(handler: Function) -> set[int]:
    """The parts of a handler that only some callers come to: `if me.role != "operator": ...`."""
    behind = [item for form in handler.forms.of("if", "ifexp") for part in form[3:] for item in walk(part)]
    joined = [item for form in handler.forms.of("bool") if form[2] == "and" for item in walk(form[3])]
    return {id(item) for item in (*behind, *joined)}


def _compared(form: Form, callers: set[str]) -> Tie | None:
    """`Printer.tenant_id == me.tenant_id`, `printer.tenant_id != me.tenant_id`."""
    match form:
        case ["compare", _, left, ["==" | "!="], [right]]:
            for mine, his in ((left, right), (right, left)):
                named = [side[0] == "attr" and _ORGANISATION.match(snake(side[3])) is not None for side in (mine, his)]
                if all(named) and beginning(his) in callers and beginning(mine) not in callers:
                    return tie_by(mine[3], his, beginning(mine))
    return None
