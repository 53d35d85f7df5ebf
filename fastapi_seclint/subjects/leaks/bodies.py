"""Middleware that logs what every request brings, and logins that log what they are sent, passwords included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.leaks.log_calls import written
from fastapi_seclint.subjects.leaks.logged_secrets import Leak
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.tokens.standing import in_layers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_READS = frozenset({"body", "json", "form"})
_CAREFUL = re.compile(r"redact|mask|sensitiv|sanit|scrub|filter|censor|secret|passw|^/|^len$", re.I)
"""Words of code that leaves something out, by name or by path."""
_HIDING = re.compile(r"redact|mask|sensitiv|sanit|scrub|filter|censor|exclude|^pop$", re.I)
_ASKING = ("login", "registration", "password reset")


def body_leak(program: Program, block: Block, call: Form) -> Leak | None:
    """The body of a request that a log call writes: of a middleware where people log in, of a route where they do."""
    function = block.function
    if function is None:
        return None
    middleware = any(item[0] == "call_next" for item in function.parameters)
    if middleware and all(function is not one for one in in_layers(program)):
        return None  # no application adds it
    if not middleware and not any(
        route.function is function and purpose in _ASKING for route, purpose in auth_routes(program)
    ):
        return None
    names = _names(block) if middleware else _names(block) | _dictionaries(function)
    leaks = [part for part in written(call) if part[0] == "name" and part[2] in names]
    if not leaks or _is_careful(block, _CAREFUL if middleware else _HIDING):
        return None
    if not any(purpose in _ASKING for _, purpose in auth_routes(program)):
        return None
    what = "the body of every request, passwords of logins included," if middleware else "the body with its password"
    return Leak(what, leaks[0])


def _dictionaries(function: Function) -> set[str]:
    """The parameters that take a whole body as a dictionary: `data: dict`, `data: dict[str, Any] = Body(...)`."""
    found = set()
    for name, _, annotation, default, *_ in function.parameters:
        kind = annotation[2] if annotation is not None and annotation[0] == "sub" else annotation
        given = default is not None and default[0] == "call" and last_name(default[2]) not in ("Body", "Form")
        if kind is not None and last_name(kind) in ("dict", "Dict") and not given:
            found.add(name)
    return found


def _names(block: Block) -> set[str]:
    """The names that hold the body, as it came, read, or put into something."""
    found: set[str] = set()
    for form in block.forms.of("assign", "annassign"):
        if form[-1] is None or not _has_body(form[-1], found):
            continue
        for target in form[2] if form[0] == "assign" else [form[2]]:
            while target[0] == "sub":
                target = target[2]
            found.update([target[2]] if target[0] == "name" else [])
    return found


def _has_body(form: Form, names: set[str]) -> bool:
    for item in walk(form):
        match item:
            case ["await", _, ["call", _, ["attr", _, ["name", _, "request" | "req"], method], [], []]]:
                if method in _READS:
                    return True
            case ["name", _, name] if name in names:
                return True
    return False


def _is_careful(block: Block, words: re.Pattern[str]) -> bool:
    spoken = (str(form[-1]) for form in block.forms.of("name", "attr", "const") if isinstance(form[-1], str))
    return any(words.search(text) for text in spoken if text not in ("filter", "filter_by"))
