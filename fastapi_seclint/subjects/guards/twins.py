"""Routes that are no more than another way to ask what an open route answers, and words of them that mislead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.routes import Route

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ADMIN = re.compile(r"^(.*/admins?)(/|$)", re.I)
_LAND = re.compile(r"/{(country|region|state|province|iso)\w*}", re.I)
_PLAIN = frozenset({"dict", "model_dump", "json", "get", "copy", "uuid4", "str", "int", "float", "len", "list", "set"})
"""Calls by which a body is taken apart, where the other route has parameters."""


def asks_what_is_open(program: Program, route: Route) -> bool:
    """Whether a POST only calls what the handler of an open GET on its own path calls, too.

    That is a query that may be too long for an address: `GET` and `POST /datasets/{id}/search`.
    """
    if set(route.methods) != {"POST"}:
        return False
    called = _called(route) - _PLAIN
    if not any(name[:1].islower() or name[:1] == "_" for name in called):
        return False
    return any(
        other.app is route.app
        and other.path == route.path
        and "GET" in other.methods
        and other.function is not route.function
        and program.guarding(other).protection == "open"
        and all(name[:1].isupper() for name in called - _called(other))
        for other in program.routes
    )


def _called(route: Route) -> set[str]:
    """The names of all that a handler calls."""
    return {last_name(call[2]) for call in route.function.forms.of("call")} if route.function is not None else set()


def divides_land(program: Program, route: Route) -> bool:
    """Whether what a path calls `admin` are countries and their parts, as another path says: `/admin/{country_id}`."""
    found = _ADMIN.match(route.path)
    if found is None:
        return False
    return any(
        other.app is route.app and other.path.startswith(found[1]) and _LAND.match(other.path[len(found[1]) :])
        for other in program.routes
    )
