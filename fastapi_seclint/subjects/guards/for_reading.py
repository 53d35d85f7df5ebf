"""Dependencies that keep strangers from reading some things, and under which every change has a guard of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards import access

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST = 2


def only_for_reading(program: Program, route: Route, name: str) -> bool:
    """Whether a dependency of this name is enough to read and, elsewhere, never enough to change anything.

    A stranger may read what is public, `channel = Depends(readable_channel)`: routes with nothing else show it. At
    least two others with the dependency change something, and each of them is guarded besides.
    """
    if not access.changes_state(route):
        return False
    found = [other for other in program.routes if other.app is route.app and other.place != route.place]
    beside = [other for other in found if any(node.name == name for node in other.nodes())]
    changing = {other.place: other for other in beside if access.changes_state(other)}
    reading = [other for other in beside if not access.changes_state(other)]
    if len(changing) < _LEAST or not any(program.guarding(other).protection == "open" for other in reading):
        return False
    guarded = [other for other in changing.values() if program.guarding(other).protection == "protected"]
    return len(guarded) >= _LEAST and all(_is_asked_inside(program, other) for other in changing.values())


def _is_asked_inside(program: Program, route: Route) -> bool:
    """Whether a route is not seen to be open, or its handler looks at credentials itself."""
    guarding = program.guarding(route)
    return guarding.protection != "open" or any(one.name == route.name and one.used for one in guarding.meetings)
