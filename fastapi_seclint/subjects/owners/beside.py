"""Routes below one thing, `/projects/{project_id}/...`, of which nearly all have a guard that asks whose it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access, entrances
from fastapi_seclint.subjects.owners.things import loads
from fastapi_seclint.subjects.owners.using import is_tied
from fastapi_seclint.subjects.owners.within import asks_to_come_in, holds

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST = 2
_HELD_FOR_EACH_LOOSE = 3
"""How many routes with such a guard must stand beside each one without, as for rights (`rights/neighbours.py`)."""


def held_beside(program: Program, route: Route) -> tuple[str, Route] | None:
    """The variable that a guard of the neighbours takes together with their caller, and the first of them.

    Neighbours have the same path up to that variable, and change something, or only read, as this route does. One is
    enough on the very same path.
    """
    if asks_to_come_in(route):
        return None
    for variable in path_variables(route.path):
        if not loads(route, variable):
            continue
        start = _up_to(route.path, variable)
        beside = {
            other.place: other
            for other in program.routes
            if other.path.startswith(start) and other.app is route.app
            if other.kind == "http" and other.place != route.place
            if access.changes_state(other) == access.changes_state(route)
            if not entrances.is_entrance(program, other) and not asks_to_come_in(other)
        }
        held = [other for other in beside.values() if holds(program, other, variable)]
        loose = len(beside) - len([other for other in beside.values() if other in held or is_tied(program, other)])
        same = [other for other in held if other.path == route.path]
        if len(held) >= (1 if same else _LEAST) and len(held) >= loose * _HELD_FOR_EACH_LOOSE:
            return variable, (same or held)[0]
    return None


def _up_to(path: str, variable: str) -> str:
    """A path up to and with its variable: `/projects/{project_id}` of `/projects/{project_id}/links`."""
    found = re.match(rf".*?{{{re.escape(variable)}(:\w+)?}}", path)
    return found[0] if found else path
