"""Handlers of websockets that close the connection of whom a helper does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, names_in, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CLOSED = frozenset({1008, 3000, 3003, 4001, 4003, 4401, 4403})
"""Codes by which a connection is closed for what its caller may not do.

1008 is of RFC 6455, section 7.4.1, 3000 and 3003 of the registry there; those from 4000 on people make of 401 and 403.
"""
_STATUSES = ("WS_1008_POLICY_VIOLATION",)


def closes_on_strangers(program: Program, route: Route) -> str:
    """What a handler gets of its websocket and asks before it closes that, or an empty string.

    `user = await known(websocket)`, `if user is None: await websocket.close(1008)`.
    """
    handler = route.function
    if handler is None or route.kind != "websocket":
        return ""
    told = _told(program, handler)
    for form in handler.forms.of("if") if told else ():
        if any(_refuses(item) for item in walk(form[3])) and (names := sorted(names_in(form[2]) & told)):
            return names[0]
    return ""


def _told(program: Program, handler: Function) -> set[str]:
    """The local names that a call gives which got the connection."""
    own = {item[0] for item in handler.parameters if item[2] is not None and last_name(item[2]) == "WebSocket"}
    block = body_of(program, handler)
    if block is None or not isinstance(block.scope, FunctionScope):
        return set()
    return block.forms.names_of(
        lambda value: any(
            item[0] == "call" and any(part[0] == "name" and part[2] in own for part in item[3]) for item in walk(value)
        )
    )


def _refuses(form: Form) -> bool:
    if form[0] != "call" or last_name(form[2]) != "close":
        return False
    return any(
        (item[0] == "const" and item[2] in _CLOSED) or (item[0] in ("name", "attr") and item[-1] in _STATUSES)
        for item in walk([form[3], form[4]])
    )
