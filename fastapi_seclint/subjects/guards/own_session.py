"""Handlers that keep what they are sent in the session of whoever sends it: a cart, a language, a filled-in form."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.computing import bound
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SENDS_ON = frozenset(
    {"post", "patch", "request", "rmtree", "copyfileobj", "rename", "replace", "rpush", "lpush", "incr"}
)
"""What changes something elsewhere and is not called after it: requests to others, files, Redis."""
_IN_MEMORY = frozenset(
    {"append", "add", "insert", "remove", "pop", "update", "setdefault", "extend", "discard", "clear"}
)
"""How lists, sets and dictionaries are changed: a cart that was taken out of the session, or made here."""
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
    """Whether a function changes what others see or what stays: by a call that no function of the project answers."""
    forms = function.forms
    held = bound(function)
    made = held - {item[0] for item in function.parameters}
    if forms.of("global", "nonlocal"):
        return True
    changed = [item for form in forms.of("assign", "annassign", "augassign", "delete") for item in _targets(form)]
    if any(item[0] in ("attr", "sub") and not _is_at_hand(item, held) for item in changed):
        return True
    for form in forms.of("call"):
        name = str(form[2][-1]) if form[2][0] in ("name", "attr") else ""
        if name in own or name.endswith("_cookie") or not (name in _SENDS_ON or access.acts_by_name(name)):
            continue
        in_memory = form[2][0] == "attr" and name in _IN_MEMORY and _is_at_hand(form[2][2], made)
        if not in_memory and not (name == "execute" and _asks(form)):
            return True
    return False


def _targets(form: Form) -> list[Form]:
    """What a statement gives something to or takes away."""
    match form:
        case ["assign" | "delete", _, [*targets], *_]:
            return targets
        case ["augassign", _, _, target, *_] | ["annassign", _, target, *_]:
            return [target]
    return []


def _is_at_hand(form: Form, held: Container[str]) -> bool:
    """Whether an expression is a part of the session or of what a function holds itself, not of the application."""
    while form[0] in ("attr", "sub", "call"):
        if form[0] == "attr" and form[3] in ("session", "app"):
            return bool(form[3] == "session")
        form = form[2]
    return form[0] == "name" and form[2] in held


def _asks(call: Form) -> bool:
    """Whether a statement only reads: `select(Product)`, `"select * from products"`."""
    for form in walk(arguments(call)):
        if form[0] == "call" and last_name(form[2]) == "select":
            return True
        if form[0] == "const" and isinstance(form[2], str) and form[2].lstrip().lower().startswith("select"):
            return True
    return False


def _written(function: Function) -> Iterator[str]:
    """The keys of `request.session` that a function writes; an empty one where it is not written down."""
    for form in function.forms.of("assign"):
        for target in form[2]:
            match target:
                case ["sub", _, ["attr", _, ["name", *_], "session"], ["const", _, str(key)]]:
                    yield key
                case ["sub", _, ["attr", _, ["name", *_], "session"], _]:
                    yield "user"
