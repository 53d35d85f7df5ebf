"""Websockets on which users talk to each other: who may come in there may read along and speak in their names."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Function

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
    """Whether a websocket of somebody's, by its path, hears its client and hands on what he says to others."""
    handler = route.function
    if route.kind != "websocket" or handler is None:
        return False
    if not any(_WHOSE.match(name.lower()) for name in path_variables(route.path)):
        return False
    calls = handler.forms.of("call")
    heard = any(last_name(call[2]).startswith(_HEARS) for call in calls)
    return heard and any(_goes_to_others(handler, call) for call in calls)


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
