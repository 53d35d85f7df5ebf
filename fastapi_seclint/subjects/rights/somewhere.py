"""Whether a project asks anybody for rights at all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards.idle import idle_role_guards
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.rights.forbidding import says_forbidden
from fastapi_seclint.subjects.rights.roles import asked_before, decides_inside, role_guard

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@lru_cache(maxsize=1)
def asks_for_rights(program: Program) -> bool:
    """Whether a guard or a decorator of some route of the project looks at rights, or a handler answers 403 by them.

    A guard for administrators that stands there and that no route uses yet tells of rights, too.
    """
    if role_guard(program) is not None:
        return True
    handled = [route for route in program.routes if route.function is not None]
    if any(next(asked_before(program, route), None) is not None for route in handled):
        return True
    if any(_refuses_by_rights(program, route) for route in handled):
        return True
    return any(not guard.lesser for guard in idle_role_guards(program, ()))


def _refuses_by_rights(program: Program, route: Route) -> bool:
    handler = route.function
    if handler is None or not says_forbidden(handler) or compares_owner(program, route) is not None:
        return False
    return decides_inside(program, route, handed=False)
