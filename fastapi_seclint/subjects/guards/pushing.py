"""Websockets that stand open where nearly everything else asks who calls, and what they do for whoever connects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards.outliers import is_for_all, nearly_all_ask, shows_leave

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CHANGES = re.compile(
    r"^(update|save|delete|remove|create|insert|start|stop|run|execute|cancel|restart|reset|reindex|index)_\w+$"
)
_SENDS = re.compile(r"^send_(json|text|bytes)$")
_HEARS = ("receive", "iter_")
_SESSION = re.compile(r"(^|_)session(_|$)")


def changes_by_id(route: Route) -> bool:
    """Whether a websocket changes what its path names, whoever connects: `jobs.update_status(job_id, "running")`."""
    handler = route.function
    names = set(path_variables(route.path))
    if route.kind != "websocket" or handler is None or not names or _is_somebodys(route):
        return False
    own = _connections(handler)
    for call in handler.forms.of("call"):
        given = [*call[3], *(value for _, value, _ in call[4])]
        said = {item[2] for item in given if item[0] == "name"}
        if said & names and not said & own and _CHANGES.match(last_name(call[2])):
            return True
    return False


def tells_strangers(program: Program, route: Route) -> bool:
    """Whether a websocket tells whoever connects what happens, in an application where nearly all routes ask who calls.

    It keeps the connection with the others that are told, or speaks without ever listening.
    """
    handler = route.function
    if route.kind != "websocket" or handler is None or is_for_all(route) or _is_somebodys(route):
        return False
    return (_is_kept(handler) or _only_speaks(handler)) and nearly_all_ask(program, route)


def _is_somebodys(route: Route) -> bool:
    """Whether a path names what only those know who were given it: `/ws/{ticket}`, `/ws/{session_id}`."""
    return shows_leave(route) or any(map(_SESSION.search, path_variables(route.path)))


def _connections(handler: Function) -> set[str]:
    return {item[0] for item in handler.parameters if item[2] is not None and last_name(item[2]) == "WebSocket"}


def _is_kept(handler: Function) -> bool:
    """Whether a handler hands its connection on to what speaks to all of them: `manager.connect(websocket)`."""
    own = _connections(handler)
    return any(item[0] == "name" and item[2] in own for call in handler.forms.of("call") for item in call[3])


def _only_speaks(handler: Function) -> bool:
    """Whether a handler sends over and over, and never hears its client."""
    called = [last_name(call[2]) for call in handler.forms.of("call")]
    over = handler.forms.of("while", "for")
    return bool(over) and any(map(_SENDS.match, called)) and not any(name.startswith(_HEARS) for name in called)
