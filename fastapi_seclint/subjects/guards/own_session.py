"""Handlers that keep what they are sent in the session of whoever sends it: a cart, a language, a filled-in form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEEPS = re.compile(
    r"^(add|add_all|commit|merge|flush|delete|save|send|publish|put|write|upsert|delay|apply_async|add_task|enqueue|execute_many"
    r"|executemany|unlink|setex|hset|rpush|lpush|incr|bulk_\w+|(insert|update|replace|delete|create|send|write|put|save)_\w+)$"
)
"""What stores something for longer than a session, or for others, where the project itself has no such function."""
_OF_SOMEBODY = re.compile(
    r"(^|_)(users?|admin|role|auth\w*|token|log(ged)?_?in|member|account|is|permissions?|scopes?)(_|$)", re.I
)
"""What a session says of who its owner is: whoever may write that is anybody."""
_DEPTH = 4


def keeps_for_its_sender(program: Program, route: Route) -> bool:
    """Whether all that a handler changes is `request.session`, and nothing in there that says who is calling."""
    handler = route.function
    if handler is None or "request" not in handler.module.facts.words or access.is_admin_like(route.path):
        return False
    functions = list(reached(program, handler, _DEPTH))
    own = {function.name for function in functions}
    if any(_stores(function, own) for function in functions):
        return False
    keys = [key for function in functions for key in _written(function)]
    return bool(keys) and not any(map(_OF_SOMEBODY.search, keys))


def _stores(function: Function, own: set[str]) -> bool:
    calls = (form[2] for form in function.forms.of("call") if form[2][0] in ("attr", "name"))
    return any(_KEEPS.match(str(called[-1])) for called in calls if called[-1] not in own)


def _written(function: Function) -> Iterator[str]:
    """The keys of `request.session` that a function writes; an empty one where it is not written down."""
    for form in function.forms.of("assign"):
        for target in form[2]:
            match target:
                case ["sub", _, ["attr", _, ["name", *_], "session"], ["const", _, str(key)]]:
                    yield key
                case ["sub", _, ["attr", _, ["name", *_], "session"], _]:
                    yield "user"
