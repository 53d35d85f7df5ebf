"""Things that only some may read, and the routes below them that forget to ask: `/projects/{project_id}/links`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.uses import uses
from fastapi_seclint.subjects.owners.using import callers_of, knows_caller

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ASKING_IN = re.compile(
    r"^(join|leave|apply|application|accept|decline|invite|invites|invitations?|rsvp|register|subscribe|request|public"
    r"|follow|unfollow|like|unlike|webhooks?|hooks?)$",
    re.I,
)
"""What those do who are not in yet."""
_PEOPLE = re.compile(
    r"(^|[-_])(users?|accounts?|profiles?|customers?|members?|patients?|people|persons?|employees?|me)$", re.I
)
"""Who is looked at by himself and shows others what he likes: `/users/{id}/posts`."""


def held(program: Program) -> dict[str, Route]:
    """The routes that read one thing by its id and turn others away, by their paths.

    A dependency does so, or what they call compares the owner; then it is for things that have something below them,
    and not for people.
    """
    found: dict[str, Route] = {}
    for route in program.routes:
        if route.kind == "http" and not access.changes_state(route) and re.search(r"/{\w+}/?$", route.path):
            variable = path_variables(route.path)[-1]
            if holds(program, route, variable) or _compares_for_those_below(program, route):
                found.setdefault(route.path.rstrip("/"), route)
    return found


def _compares_for_those_below(program: Program, route: Route) -> bool:
    path = route.path.rstrip("/")
    if _PEOPLE.search(path.split("/")[-2]) or not any(other.path.startswith(f"{path}/") for other in program.routes):
        return False
    return compares_owner(program, route) is not None


def holds(program: Program, route: Route, variable: str) -> bool:
    """Whether a dependency of a route takes a variable of its path, knows the caller and refuses."""
    for node in route.nodes():
        function = node.function
        if function is None or not any(item.name == variable for item in parameters(node.call)):
            continue
        callers = callers_of(program, node)
        if function.forms.of("raise") and knows_caller(program, node) and (not callers or uses(function, callers)):
            return True
    return False


def container(route: Route, known: dict[str, Route]) -> tuple[str, Route] | None:
    """The variable of the nearest thing above a route that only some may read, and the route that reads it."""
    parts = route.path.rstrip("/").split("/")
    if asks_to_come_in(route):
        return None
    for end in range(len(parts) - 1, 0, -1):
        above = "/".join(parts[:end])
        if above in known and known[above].function is not route.function:
            return path_variables(above)[-1], known[above]
    return None


def asks_to_come_in(route: Route) -> bool:
    """Whether a route is for those who are not in yet, by its last word: `/projects/{project_id}/join`."""
    words = access.segments(route.path)
    return bool(words) and _ASKING_IN.match(words[-1]) is not None
