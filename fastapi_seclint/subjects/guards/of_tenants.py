"""Things of an organisation: a route lists those of its caller's, and an open one beside it gives each to everybody."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import beginning
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import entrances
from fastapi_seclint.subjects.guards.access import segments
from fastapi_seclint.subjects.guards.outliers import gives_published, is_for_all, shows_leave
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.identity import caller_names, is_authenticated

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TENANT = re.compile(
    r"^(current_|active_|default_)?(org|organi[sz]ation|tenant|company|workspace|account|practice|clinic|firm|business)"
    r"(_(id|uuid|pk|slug|name))?$"
)
"""What a user has of the organisation that he belongs to."""
_SHOWN = re.compile(
    r"^(form|poll|survey|quiz|questionnaire|link|url|page|site|website|store|shop|menu|restaurant|course|job|vacancy|position"
    r"|event|campaign|offer|venue|hotel|property|certificate|badge|article|post)$",
    re.I,
)
"""What organisations make for people outside of them to look at."""
_SEVERAL = 2
_ROW = re.compile(r"/{(\w+_)?(id|pk|uuid)(:\w+)?}$")
"""The end of a path that has the id of a row: what is named by a city, a version or a short name is no member's."""


def kept_for_tenant(program: Program, route: Route) -> Route | None:
    """The list that only gives what is of its caller's organisation, where an open GET gives one of such things.

    It lies below the path of that list, or gives a row by its id in a router with several of them. What is published,
    or known only to those who were given its name, is left alone, and so are job offers, forms and their like.
    """
    if set(route.methods) - {"HEAD"} != {"GET"} or not path_variables(route.path):
        return None
    if shows_leave(route) or gives_published(route) or entrances.is_entrance(program, route):
        return None
    if any(_SHOWN.match(singular(re.split("[-_]", part)[-1])) for part in segments(route.path)):
        return None
    lists = [other for other in _lists(program) if other.app is route.app and other.router is route.router]
    below = [other for other in lists if route.path.startswith(f"{other.path.rstrip('/')}/")]
    several = len(lists) >= _SEVERAL and route.router is not route.app and _ROW.search(route.path.rstrip("/"))
    found = next(iter(below), None) or (lists[0] if several else None)
    return None if found is not None and is_for_all(route) and not is_for_all(found) else found


@lru_cache(maxsize=1)
def _lists(program: Program) -> list[Route]:
    """The guarded GETs without a variable whose handlers take what they give from their caller's organisation."""
    found = []
    for route in program.routes:
        handler = route.function
        if route.kind != "http" or "GET" not in route.methods or handler is None or path_variables(route.path):
            continue
        callers = caller_names(program, route)
        asks = any(_TENANT.match(form[3]) and beginning(form) in callers for form in handler.forms.of("attr"))
        if callers and asks and is_authenticated(program, route):
            found.append(route)
    return found
