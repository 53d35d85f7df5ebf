"""What tells that a route should ask for rights when others do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.alike import unlike_all_others
from fastapi_seclint.subjects.rights.beside import unlike_its_sibling
from fastapi_seclint.subjects.rights.goods import kept_by_administrators
from fastapi_seclint.subjects.rights.listed_accounts import shown_to_few
from fastapi_seclint.subjects.rights.neighbours import listed_for_few, unlike_its_neighbours

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def unlike_others(program: Program, route: Route) -> str:
    """What tells that a route should ask for rights when others do, as the end of a sentence, or an empty string."""
    if (other := unlike_its_sibling(program, route)) is not None:
        return f"changes what {access.spoken(other)} looks at the caller's rights for"
    if strict := unlike_its_neighbours(program, route):
        does = "changes something" if access.changes_state(route) else "lists everybody"
        return f"{does}, as {listed(strict)} of its router do, which look at the caller's rights"
    if (alike := unlike_all_others(program, route)) is not None:
        does = "changes" if access.changes_state(route) else "reads"
        others = listed(alike.routes)
        return f"{does} something beside {others}, and every other route of that router asks more of its caller"
    few = listed_for_few(program, route)
    if few is not None:
        return f"gives each of what {access.spoken(few)} only gives to some"
    if (other := kept_by_administrators(program, route)) is not None:
        return f"changes what a shop sells, as {access.spoken(other)} does, which looks at the caller's rights"
    one = shown_to_few(program, route)
    return f"gives all of what {access.spoken(one)} only shows to some" if one is not None else ""


def listed(routes: list[Route]) -> str:
    """The first of some routes, and how many more there are."""
    more = len(routes) - 1
    return f"{access.spoken(routes[0])} and {more} other{'s' if more > 1 else ''}"
