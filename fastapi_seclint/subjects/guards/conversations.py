"""Websockets on which users talk to each other: who may come in there may read along and speak in their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_WHOSE = re.compile(
    r"^(user|client|member|account|customer|chat|room|conversation|group|channel|thread|dialog|player|driver)"
    r"(_?(id|uuid|name|key))?$|^username$"
)
"""What a path says that is somebody's: the client chooses whose."""
_TO_OTHERS = re.compile(
    r"^(broadcast|publish|notify|send_(personal|private|direct|to|message|all)|(add|save|store|create|insert)_\w*message)"
)
_HEARS = ("receive", "iter_")


def opens_a_conversation(route: Route) -> bool:
    """Whether a websocket hears its client and hands on what he says to others: those of its path, or whom he names."""
    handler = route.function
    if route.kind != "websocket" or handler is None or not _hears(handler):
        return False
    chosen = any(_WHOSE.match(name.lower()) for name in path_variables(route.path))
    calls = handler.forms.of("call")
    return any(_goes_to_others(handler, call) and (chosen or _is_for_whom_it_names(call)) for call in calls)


_FINDS = re.compile(
    r"^(get(_or_none|_by_\w+|_one)?|find(_one|_by_\w+)?|fetch_one|one(_or_none)?|first|scalar(_one(_or_none)?)?)$"
)
_CHANGES = frozenset({"save", "set", "update", "delete", "inc", "replace", "save_changes", "remove"})
_REWRITES = re.compile(r"^((update|delete|replace)_one|find_one_and_(update|delete|replace))$")


def changes_what_is_kept(route: Route) -> bool:
    """Whether a websocket hears its client and changes what is kept: `found = await Order.get(...)`, `found.set()`."""
    handler = route.function
    if route.kind != "websocket" or handler is None or not _hears(handler):
        return False
    found = {
        target[2]
        for form in handler.forms.of("assign")
        for target in form[2]
        if target[0] == "name" and form[3][0] == "await" and form[3][2][0] == "call" and _finds(form[3][2])
    }
    changed = (call[2] for call in handler.forms.of("call") if call[2][0] == "attr")
    if any(call[3] in _CHANGES and call[2][0] == "name" and call[2][2] in found for call in changed):
        return True
    return any(call[2][0] == "attr" and _REWRITES.match(call[2][3]) for call in handler.forms.of("call"))


def _finds(call: Form) -> bool:
    return bool(call[2][0] == "attr" and call[3] and _FINDS.match(call[2][3]))


def _hears(handler: Function) -> bool:
    return any(last_name(call[2]).startswith(_HEARS) for call in handler.forms.of("call"))


def _is_for_whom_it_names(call: Form) -> bool:
    """Whether a call goes where a message says: `hub.broadcast(data["room_id"], ...)`."""
    for item in call[3]:
        match item:
            case ["sub", _, ["name", *_], ["const", _, str(name)]] | [
                "call", _, ["attr", _, ["name", *_], "get"], [["const", _, str(name)], *_], _
            ]:  # fmt: skip
                if _WHOSE.match(name.lower()):
                    return True
    return False


_SHELLS = re.compile(r"^(exec[lv]p?e?|execvpe|forkpty|openpty|spawn\w*|PtyProcess\w*)$")
_OF_SHELLS = ("os", "pty", "pexpect", "ptyprocess")


def opens_a_shell(program: Program, route: Route) -> bool:
    """Whether a websocket hears its client and gives him a terminal: `pty.openpty()`, `os.execvpe(...)`."""
    handler = route.function
    if route.kind != "websocket" or handler is None or not _hears(handler):
        return False
    return any(_is_of_shells(call) for one in reached(program, handler, 1) for call in one.forms.of("call"))


def _is_of_shells(call: Form) -> bool:
    match call[2]:
        case ["attr", _, ["name", _, module], name]:
            return module in _OF_SHELLS and _SHELLS.match(name) is not None
    return False


def _goes_to_others(handler: Function, call: Form) -> bool:
    """Whether a call is for other clients, or keeps a message for them: not one of the connection itself."""
    owner = call[2][2] if call[2][0] == "attr" else None
    own = owner is not None and owner[0] == "name" and owner[2] in {item[0] for item in handler.parameters}
    return not own and _TO_OTHERS.match(last_name(call[2])) is not None


_LOGS = re.compile(r"^((server|system|app|application|backend|core|container|service)[-_]?)?logs?$", re.I)
_LEAST_SENT = 2
"""A greeting or an error is sent once; what is sent in two places, or over and over, goes on."""


def streams_logs(route: Route) -> bool:
    """Whether a websocket sends what a program writes into its log, by its path: `/logs/stream`."""
    handler = route.function
    if route.kind != "websocket" or handler is None or not any(map(_LOGS.match, route.path.split("/"))):
        return False
    sent = [call for call in handler.forms.of("call") if last_name(call[2]).startswith("send_")]
    return len(sent) >= _LEAST_SENT or bool(sent and handler.forms.of("while", "for"))
