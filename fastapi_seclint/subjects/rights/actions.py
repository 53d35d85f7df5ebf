"""The right to one action, `require("jobs:write")`, said for what another route does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards.access import spoken

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_RIGHT = re.compile(r'"([a-z_]+)([:.])([a-z]+)"')
_ACTIONS = {
    "DELETE": ("delete", "remove", "destroy"),
    "POST": ("create", "add", "write"),
    "PUT": ("update", "edit", "write"),
    "PATCH": ("update", "edit", "write"),
    "GET": ("read", "view", "list"),
}
"""What the rights to do what a method stands for are called, the closest first."""


def right_of(program: Program, route: Route, code: str) -> str:
    """The code of a guard with the right that the project has for the route's own method, where it has one by name.

    `require("jobs:write")` becomes `require("jobs:delete")` for DELETE, if somebody is given that.
    """
    found = _RIGHT.findall(code)
    if len(found) != 1 or route.function is None:
        return code
    thing, mark, action = found[0]
    method = spoken(route).partition(" ")[0]
    texts = {
        form[2]
        for module in program.modules.by_file.values()
        for block in program.sites.speaking(module, f'"{thing}{mark}'.encode())
        for form in block.forms.of("const")
        if isinstance(form[2], str)
    }
    if action in _ACTIONS.get(method, ()):
        return code
    named = (f"{thing}{mark}{word}" for word in _ACTIONS.get(method, ()))
    own = next((text for text in named if text in texts), "")
    return code.replace(f"{thing}{mark}{action}", own) if own else code
