"""Websockets that stand open where nearly everything else asks who calls, and what they do for whoever connects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards.outliers import is_for_all, nearly_all_ask, shows_leave
from fastapi_seclint.subjects.owners.identity import is_authenticated

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

    It keeps the connection with the others that are told, or speaks without ever listening. That a route of its own
    gives the same to users only says as much as all the others.
    """
    handler = route.function
    if route.kind != "websocket" or handler is None or _is_somebodys(route):
        return False
    if not (_is_kept(handler) or _only_speaks(handler)):
        return False
    return asking_twin(program, route) is not None or (not is_for_all(route) and nearly_all_ask(program, route))


_CHANNEL = re.compile(
    r"^(wss?|web[-_]?sockets?|sockets?|stream(s|ing)?|live|listen|events?|updates?|feed|subscribe|connect|real[-_]?time)$"
)
_ROOT = re.compile(r"^(api|rest|v\d+)$")


def asking_twin(program: Program, route: Route) -> Route | None:
    """The GET that gives users, and nobody else, what a websocket is about: `/alerts` beside `/alerts/ws`."""
    about = _about(route)
    if not any(word != "{}" for word in about):
        return None
    for other in program.routes:
        reads = other.app is route.app and other.kind == "http" and "GET" in other.methods
        if reads and _about(other) == about and is_authenticated(program, other):
            return other
    return None


def _about(route: Route) -> list[str]:
    """The words of a path that say what it is about, each variable as `{}`."""
    words = ["{}" if part.startswith("{") else part.lower() for part in route.path.strip("/").split("/")]
    return [word for word in words if not _CHANNEL.match(word) and not _ROOT.match(word)]


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
