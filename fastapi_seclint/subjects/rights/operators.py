"""Guards that ask for one fixed key: who has it is the operator, and there is nothing more to authorize."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Environment, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.identity import Guard
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LOOKS_UP = (
    "decode", "get_user", "find_user", "load_user", "query", "execute", "select", "find_one", "introspect",
    "verify_jwt", "by_id", "by_email", "by_username", "lookup", "session_user", "get_claims", "validate_token",
    "get_current_user",
)  # fmt: skip


def is_operators_key(program: Program, guard: Guard) -> bool:
    """Whether a guard compares what it gets with a key or password that is configured, and looks nobody up."""
    function = guard.node.function if guard.node is not None else None
    if guard.node is None or function is None:
        return "api_key" in snake(guard.name) or "admin_key" in snake(guard.name)
    functions = [
        inner for node in guard.node.walk() if node.function is not None for inner in reached(program, node.function)
    ]
    if not any(_compares_fixed(program, inner) for inner in functions):
        return False
    return not any(_looks_up(inner) for inner in functions if not _reads_settings(inner))


_SETTINGS = re.compile(r"(^|_)(settings?|config(uration)?s?)(_|$)")


def _reads_settings(function: Function) -> bool:
    """Whether a function is one by which settings are read, from a database perhaps: `SettingsManager.get`."""
    return function.owner is not None and _SETTINGS.search(snake(function.owner.name)) is not None


_KEEPS_SESSIONS = re.compile(r"redis|cache|sessions?$", re.I)
_PLACES = frozenset({"path", "url", "url_path", "endpoint", "route", "method", "uri"})
"""What a list of open paths is searched for: no key."""


def _looks_up(function: Function) -> bool:
    for form in function.forms.of("call"):
        if form[2][0] == "attr" and form[2][3] == "get" and _KEEPS_SESSIONS.search(spelled(form[2][2])):
            return True
        if form[2][0] in ("name", "attr"):
            name = snake(str(form[2][-1]))
            if any(word in name for word in _LOOKS_UP):
                return True
    return False


@answered_once
def _compares_fixed(program: Program, function: Function) -> bool:
    block = body_of(program, function)
    if block is None:
        return False
    for form in block.forms.of("call", "compare"):
        if form[0] == "call" and form[2][-1] == "compare_digest":
            return True
        if form[0] == "compare" and _is_written_key(form, function):
            return True
        if form[0] == "compare" and last_name(form[2]) not in _PLACES:
            for side in (form[2], *form[4]):
                if _is_of_application(function, side):
                    return True
                if any(isinstance(option, Environment) for option in options(ask(program, block, side))):
                    return True
    return False


def _is_of_application(function: Function, side: Form) -> bool:
    """Whether one side of a comparison is what the application keeps: `token != request.app.state.sync_token`."""
    given = [side]
    if side[0] == "name":
        given += [form[3] for form in function.forms.of("assign") if any(item[2:] == side[2:] for item in form[2])]
    return any(
        form[0] == "attr" and form[3] == "state" and last_name(form[2]) == "app"
        for value in given
        for form in walk(value)
    )


def _is_written_key(form: Form, function: Function) -> bool:
    """Whether a parameter is compared with a text, as a key that stands in the code is: `x_token != "..."`."""
    sides = [form[2], *form[4]]
    taken = {parameter[0] for parameter in function.parameters}
    return (
        form[3] in (["=="], ["!="])
        and any(side[0] == "name" and side[2] in taken for side in sides)
        and any(side[0] == "const" and isinstance(side[2], str) and side[2] for side in sides)
    )
