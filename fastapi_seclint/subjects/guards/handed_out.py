"""Routes by which strangers make a thing of their own, and are given the token that opens it from then on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Class
from fastapi_seclint.subjects.guards import access

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TOKEN = re.compile(r"^(\w+_)?(token|secret)$")


def hands_out_a_token(program: Program, route: Route) -> bool:
    """Whether a POST answers with a token which routes of the one thing that it made ask for.

    `POST /reports` gives `Made(id, token)`, and `PATCH /reports/{report_id}` takes `token`.
    """
    if set(route.methods) != {"POST"} or path_variables(route.path):
        return False
    given = {
        name
        for cls in access.answered(program, route)
        for base in cls.lineage()
        if isinstance(base, Class)
        for name, _, _ in base.fields
        if _TOKEN.match(name)
    }
    below = f"{route.path.rstrip('/')}/{{"
    return bool(given) and any(
        other.app is route.app
        and other.path.startswith(below)
        and given
        & {
            item.name
            for call in (other.endpoint, *(node.call for node in other.nodes()))
            if call
            for item in parameters(call)
        }
        for other in program.routes
    )
