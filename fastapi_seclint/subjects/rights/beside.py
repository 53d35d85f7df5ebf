"""Routes on one path of which some ask for rights: `PATCH /teams/{id}/members/{user}` does, its DELETE does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.using import is_tied, ties_caller
from fastapi_seclint.subjects.rights.roles import authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def unlike_its_sibling(program: Program, route: Route) -> Route | None:
    """The route that changes the same thing by another method and looks at the caller's rights, where this does not.

    What looks whose the thing is, or works with the caller in any other way, is none.
    """
    if not access.changes_state(route) or not path_variables(route.path) or route.function is None:
        return None
    if not set(route.methods) & {"PUT", "PATCH", "DELETE"} or route.problems:
        return None
    for other in program.routes:
        if other.app is not route.app or other.path != route.path or other is route or other.place == route.place:
            continue
        changes = access.changes_state(other) and set(other.methods) & {"PUT", "PATCH", "DELETE"}
        if changes and _is_stricter(program, other, route):
            return other
    return None


def _is_stricter(program: Program, other: Route, route: Route) -> bool:
    if authorizes(program, route) or not authorizes(program, other) or compares_owner(program, other) is not None:
        return False
    same = {node.name for node in route.dependencies} == {node.name for node in other.dependencies}
    return not ties_caller(program, route) and (same or not is_tied(program, route))
