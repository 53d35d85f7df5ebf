"""Answers that tell a stranger nothing: messages that are written in the code, clients that are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, awaited, walk
from fastapi_seclint.program.encounters import Encounter
from fastapi_seclint.program.kinds import NOTHING
from fastapi_seclint.program.values import Bound, External, Function, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_WRITTEN = frozenset({"const", "dict", "list", "tuple"})
_RESPONSES = ("starlette.responses.", "fastapi.responses.")


def call_in(value: Form | None) -> Form | None:
    """The call that an expression is, awaited or not."""
    made = None if value is None else awaited(value)
    return made if made is not None and made[0] == "call" else None


def is_written(forms: list[Form]) -> bool:
    """Whether values are written in the code, which tells nobody anything: `send_text("no token")`."""
    return bool(forms) and all(item[0] in _WRITTEN for form in forms for item in walk(form))


def tells_nothing(walk_: Walk, value: Form | None) -> bool:
    """Whether an answer is one that is written in the code: `{"error": "no such number"}`, `Response("", 304)`."""
    call = call_in(value)
    if value is None or call is None:
        return value is not None and is_written([value])
    kinds = [option.name for option in options(walk_.value(call[2])) if isinstance(option, External)]
    plain = [name for name in kinds if name.startswith(_RESPONSES) and not name.endswith("FileResponse")]
    return bool(plain) and is_written(arguments(call))


def relayed(walk_: Walk, statement: Form, value: Form | None) -> Function | None:
    """The function to which a websocket's handler leaves the client in its last statement."""
    call = call_in(value)
    if call is None or not walk_.stranger.websocket or walk_.function is not walk_.follower.handler:
        return None
    if statement is not walk_.function.statements()[-1]:
        return None
    if not any("request" in walk_.kinds(argument) for argument in arguments(call)):
        return None
    found = next(options(walk_.value(call[2])), None)
    found = found.function if isinstance(found, Bound) else found
    return found if isinstance(found, Function) else None


def hears_nothing(encounter: Encounter) -> bool:
    """Whether a websocket's client is refused, or left on some condition before anybody looks at who he is."""
    return encounter.may_deny and all(ending.conditional and ending.kinds == NOTHING for ending in encounter.passes)
