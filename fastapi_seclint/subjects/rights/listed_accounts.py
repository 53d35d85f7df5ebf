"""The list of all accounts that every user gets, where a single one is shown to few."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.using import is_tied, ties_caller
from fastapi_seclint.subjects.rights.privileged import ignores_its_caller
from fastapi_seclint.subjects.rights.roles import authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ACCOUNTS = re.compile(r"^(users?|accounts|employees|customers|patients|students)$", re.I)
_LISTING = re.compile(r"^(all|list)$", re.I)


def shown_to_few(program: Program, route: Route) -> Route | None:
    """The GET of one account that looks at who is calling, for a GET of all of them in full that does not."""
    if set(route.methods) - {"HEAD"} != {"GET"} or route.function is None or path_variables(route.path):
        return None
    found = [word for word in access.segments(route.path) if not _LISTING.match(word)]
    if not found or not _ACCOUNTS.match(found[-1]) or route.problems or authorizes(program, route):
        return None
    if not ignores_its_caller(program, route) or ties_caller(program, route) or is_tied(program, route):
        return None
    return next((other for other in program.routes if _is_one(route, other) and _is_kept(program, route, other)), None)


def _is_one(route: Route, other: Route) -> bool:
    """Whether a GET shows one of what another one lists: `/users/{id}`, `/users/id/{id}`."""
    if other.app is not route.app or "GET" not in other.methods or other.function is None:
        return False
    parts, variables = other.path.rstrip("/").split("/"), path_variables(other.path)
    words = [word for word in access.segments(route.path) if not _LISTING.match(word)]
    return len(variables) == 1 and parts[-1].startswith("{") and access.segments(other.path)[: len(words)] == words


def _is_kept(program: Program, route: Route, other: Route) -> bool:
    models, shown = set(access.answered(program, route)), set(access.answered(program, other))
    if not models or not models & shown:
        return False
    return authorizes(program, other) or compares_owner(program, other) is not None
