"""The one route of a router that does not ask what all others of it ask of their caller, whatever that is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, awaited
from fastapi_seclint.program.refusing import as_it_stands
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function, Value
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.guards import access, entrances, outliers, probes
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.uses import requests_of
from fastapi_seclint.subjects.owners.using import is_tied, ties_caller
from fastapi_seclint.subjects.rights.forbidding import says_forbidden
from fastapi_seclint.subjects.rights.made_with import is_same_guard
from fastapi_seclint.subjects.rights.neighbours import asks_for_nothing, in_one_room
from fastapi_seclint.subjects.rights.privileged import is_about_oneself
from fastapi_seclint.subjects.rights.roles import asked_before

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST = 4
_LEAST_OF_ITS_KIND = 2
"""How many other routes of a router ask, and how many of them read, or change, as the one does that forgot."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Routes of a router that ask the same of their caller; `called` is the function that their handlers begin with.

    It is empty where a guard asks.
    """

    routes: list[Route]
    called: str


def unlike_all_others(program: Program, route: Route) -> Alike | None:
    """The other routes of a router, which all look at one thing about their caller where this one looks at nothing.

    They have a guard for it, or the first thing that their handlers do is to hand the caller to a function that answers
    403: `assert_internal(me)`. What is called something for everybody, and what is about oneself, is left alone.
    """
    if route.kind != "http" or not _may_be_asked(program, route) or not asks_for_nothing(program, route):
        return None
    if outliers.is_for_all(route) or outliers.gives_published(route):
        return None
    others = {other.place: other for other in in_one_room(program, route) if _may_be_asked(program, other)}
    alike = [other for other in others.values() if access.changes_state(other) is access.changes_state(route)]
    if len(others) < _LEAST or len(alike) < _LEAST_OF_ITS_KIND:
        return None
    common: list[Value] | None = None
    for other in others.values():
        asked = list(_asked(program, other))
        common = asked if common is None else [one for one in common if any(is_same_guard(one, item) for item in asked)]
        if not common or compares_owner(program, other) is not None:
            return None
    if not common or ties_caller(program, route) or is_tied(program, route):
        return None
    inside = not any(is_same_guard(common[0], item) for item in asked_before(program, alike[0]))
    return Alike(alike, common[0].name if inside and isinstance(common[0], Function) else "")


def _may_be_asked(program: Program, route: Route) -> bool:
    """Whether a route is no way in, nothing for machines, and not about whoever calls."""
    if route.kind != "http" or route.function is None or is_about_oneself(access.segments(route.path)):
        return False
    return not (entrances.is_entrance(program, route) or probes.is_probe(route))


def _asked(program: Program, route: Route) -> Iterator[Value]:
    """What a route asks about its caller: guards for rights, and the functions that its handler begins with."""
    yield from asked_before(program, route)
    if route.function is not None:
        yield from _asked_first(program, route, route.function)


def _called_first(statement: Form) -> Form | None:
    """The call that a statement is, or that it was before the check behind it was written out."""
    match statement:
        case ["expr", _, value] if awaited(value)[0] == "call":
            return awaited(value)
        case ["if", _, _, [["raise", *_] as raising], []]:
            call = as_it_stands(raising)
            return call if call is raising[3] else None
    return None


def _asked_first(program: Program, route: Route, handler: Function) -> Iterator[Function]:
    handed = {*caller_names(program, route), *(requests_of(handler) & {item[0] for item in handler.parameters})}
    block = body_of(program, handler) if handed else None
    for statement in handler.statements() if block is not None else ():
        if statement[0] == "expr" and statement[2][0] == "const":
            continue  # the docstring
        if (call := _called_first(statement)) is None or block is None:
            return
        if any(item[0] == "name" and item[2] in handed for item in arguments(call)):
            yield from (function for function, _ in called(program, block, call) if says_forbidden(function))
