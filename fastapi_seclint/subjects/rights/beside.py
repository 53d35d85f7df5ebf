"""Routes on one path of which some ask for rights: `PATCH /teams/{id}/members/{user}` does, its DELETE does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function, Instance, Value
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.identity import called_guards
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.using import is_tied, ties_caller
from fastapi_seclint.subjects.rights.branches import asks_for_one_field_only
from fastapi_seclint.subjects.rights.considering import considers_rights
from fastapi_seclint.subjects.rights.made_with import asked_for
from fastapi_seclint.subjects.rights.neighbours import asks_for_nothing, uses_a_thing
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def unlike_its_sibling(program: Program, route: Route) -> Route | None:
    """The route that changes the same thing by another method and looks at the caller's rights, where this does not.

    One that reads it counts, too, where its guard asks for rights: who may not look at a thing may not change it.
    What looks whose the thing is, or works with the caller in any other way, is none.
    """
    if not access.changes_state(route) or not path_variables(route.path) or route.function is None:
        return None
    if (above := _read_above(program, route)) is not None:
        return above
    if not set(route.methods) & {"PUT", "PATCH", "DELETE"} or route.problems:
        return None
    for other in program.routes:
        if other.app is not route.app or other.path != route.path or other is route or other.place == route.place:
            continue
        changes = access.changes_state(other) and set(other.methods) & {"PUT", "PATCH", "DELETE"}
        if (changes or ("GET" in other.methods and _asks_by_guard(program, other))) and _is_stricter(
            program, other, route
        ):
            return None if set(other.methods) == {"DELETE"} and _may_be_made(program, route) else other
    return None


def _read_above(program: Program, route: Route) -> Route | None:
    """The route that reads a thing and has a guard for rights, where this one does something to it: `/jobs/{id}/stop`.

    Who may not look at a thing may not change it. What somebody does to get at a thing, joining it say, is left alone,
    and so is what people hand in about one that others evaluate: `/surveys/{id}/responses`, `/vendors/{id}/rating`.
    """
    above, _, done = route.path.rstrip("/").rpartition("/")
    if not above.endswith("}") or "{" in done or uses_a_thing(route) or _hands_in(route, done):
        return None
    reads = [other for other in program.routes if other.app is route.app and other.path == above]
    reads = [other for other in reads if set(other.methods) <= {"GET", "HEAD"}]
    for other in reads if reads and asks_for_nothing(program, route) else ():
        if _asks_by_guard(program, other) and compares_owner(program, other) is None:
            return None if ties_caller(program, route) or is_tied(program, route) else other
    return None


def _hands_in(route: Route, done: str) -> bool:
    """Whether a POST makes one of the things below another, or tells what somebody thinks of that."""
    if "POST" not in route.methods:
        return False
    return (done.endswith("s") and not done.endswith("ss")) or _SAYS.fullmatch(done) is not None


_SAYS = re.compile(r"answer|click|comment|feedback|message|rat(e|ing)|reply|report|respond|response|review|submit|view")
"""What somebody says or does of a thing that need not be one whom it is shown to."""


def _may_be_made(program: Program, route: Route) -> bool:
    """Whether who may change a thing may make some as well: only to delete them is kept for others, then."""
    collection = re.sub(r"/{[^{}]*}/?$", "", route.path)
    makers = [
        other
        for other in program.routes
        if other.app is route.app and "POST" in other.methods and other.path.rstrip("/") == collection
    ]
    asks_no_more = (
        program.guarding(maker).protection == "protected" and not authorizes(program, maker) for maker in makers
    )
    return bool(makers) and all(asks_no_more)


def _asks_by_guard(program: Program, route: Route) -> bool:
    """Whether a guard of a route looks at rights: one that FastAPI runs, or that the handler calls itself."""
    if next(asked_before(program, route), None) is not None:
        return True
    return any(guard is not None and considers_rights(program, guard) for _, guard in called_guards(program, route))


def _is_stricter(program: Program, other: Route, route: Route) -> bool:
    if authorizes(program, route) or not authorizes(program, other) or compares_owner(program, other) is not None:
        return False
    if next(asked_before(program, other), None) is None and asks_for_one_field_only(program, other):
        return False
    same = {node.name for node in route.dependencies} == {node.name for node in other.dependencies}
    return not ties_caller(program, route) and (same or not is_tied(program, route))


def asks_for_less(program: Program, route: Route) -> list[Route]:
    """The other routes of a path, where all of them ask for an administrator and this one, which changes, for less.

    They ask by guards of one maker, `require(Right.SUPERUSER)`, which was given something else here. One other alone
    may have been meant so.
    """
    own = list(asked_before(program, route))
    if not access.changes_state(route) or not path_variables(route.path) or len(own) != 1 or not _plain(own[0]):
        return []
    others = [other for other in program.routes if other.app is route.app and other.path == route.path]
    found = {other.place: other for other in others if other.place != route.place}
    strict = [
        other
        for other in found.values()
        if any(_is_made_alike(guard, own[0]) and _for_administrators(guard) for guard in asked_before(program, other))
    ]
    return strict if len(strict) > 1 and len(strict) == len(found) else []


def _plain(guard: Value) -> bool:
    return bool(asked_for(guard)) and not _for_administrators(guard)


def _for_administrators(guard: Value) -> bool:
    return any(access.is_admin_name(snake(name)) for names in asked_for(guard) for name in names)


def _is_made_alike(one: Value, other: Value) -> bool:
    """Whether two guards come out of one function, or are objects of one class."""
    if isinstance(one, Function) and isinstance(other, Function):
        return one.number == other.number and one.module is other.module
    return isinstance(one, Instance) and isinstance(other, Instance) and one.cls is other.cls
