"""Middleware that logs what every request brings, and logins that log what they are sent, passwords included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.leaks.answering import registered
from fastapi_seclint.subjects.leaks.logged_secrets import Leak
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.logins.sent import sent
from fastapi_seclint.subjects.secrets.names import kind_of
from fastapi_seclint.subjects.tokens.standing import in_layers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_READS = frozenset({"body", "json", "form"})
_CAREFUL = re.compile(r"redact|mask|sensitiv|sanit|scrub|filter|censor|secret|passw|^/|^len$", re.I)
"""Words of code that leaves something out, by name or by path."""
_HIDING = re.compile(r"redact|mask|sensitiv|sanit|scrub|filter|censor|exclude|^pop$", re.I)
_ASKING = ("login", "token", "registration", "password reset")
_KEPT = ("password", "API key", "secret", "private key")


def body_leak(program: Program, block: Block, parts: Iterable[Form]) -> Leak | None:
    """The body of a request among what is written: of a middleware where people log in, of a route where they do.

    A handler of exceptions has the body of whatever was refused, of a login with a field too few, say.
    """
    function = block.function
    if function is None:
        return None
    middleware = any(item[0] == "call_next" for item in function.parameters)
    refused = _refused(program, block)
    if middleware and all(function is not one for one in in_layers(program)):
        return None  # no application adds it
    if (
        not middleware
        and not refused
        and not any(
            purpose in _ASKING
            and route.function is not None
            and worker(program.interpreter, route.function) is function
            for route, purpose in auth_routes(program)
        )
    ):
        return None
    names = _names(program, block) | (set() if middleware or refused else _dictionaries(function))
    leaks = [part for part in parts if _is_body(part, names) or _is_body_of(part, refused)]
    if not leaks or _is_careful(block, _CAREFUL if middleware or refused else _HIDING):
        return None
    if refused and any(purpose in _ASKING for _, purpose in auth_routes(program)):
        return Leak("the body of a request that was refused, passwords of logins included,", leaks[0])
    if not middleware and not refused:
        return Leak("the body with its password", leaks[0])
    if any(purpose in _ASKING for _, purpose in auth_routes(program)):
        return Leak("the body of every request, passwords of logins included,", leaks[0])
    brought = next(_brought(program), "")
    return Leak(f"the body of every request, the {brought} of some included,", leaks[0]) if brought else None


def _refused(program: Program, block: Block) -> str:
    """What a function that answers exceptions calls them; empty for others."""
    function = block.function
    given = [item[0] for item in function.parameters if item[0] not in ("self", "cls")] if function is not None else []
    return given[1] if function is not None and len(given) == 2 and function.name in registered(program) else ""


def _is_body(part: Form, names: set[str]) -> bool:
    match part:
        case ["name", _, name]:
            return name in names
        case ["call", _, ["attr", _, ["name", _, "request" | "req"], method], [], []]:
            return method in _READS
    return False


def _is_body_of(part: Form, error: str) -> bool:
    """Whether an expression is the body that could not be read (RequestValidationError, fastapi/exceptions.py)."""
    match part:
        case ["attr", _, ["name", _, name], "body"]:
            return bool(error) and name == error
    return False


def _brought(program: Program) -> Iterator[str]:
    """The kinds of secrets that clients send in the bodies of a project: API keys of other services, say."""
    for route in program.routes:
        own = route.kind == "http" and route.place is not None and not program.is_test(route.place.module)
        if own and set(route.methods) & {"POST", "PUT", "PATCH"}:
            yield from (kind for name in sent(program, route) if (kind := kind_of(name)) in _KEPT)


def _dictionaries(function: Function) -> set[str]:
    """The parameters that take a whole body as a dictionary: `data: dict`, `data: dict[str, Any] = Body(...)`."""
    found = set()
    for name, _, annotation, default, *_ in function.parameters:
        kind = annotation[2] if annotation is not None and annotation[0] == "sub" else annotation
        given = default is not None and default[0] == "call" and last_name(default[2]) not in ("Body", "Form")
        if kind is not None and last_name(kind) in ("dict", "Dict") and not given:
            found.add(name)
    return found


def _names(program: Program, block: Block) -> set[str]:
    """The names that hold the body, as it came, read, or put into something."""
    found: set[str] = set()
    for form in block.forms.of("assign", "annassign"):
        if form[-1] is None or not (_has_body(form[-1], found) or _reads(program, block, form[-1])):
            continue
        for target in form[2] if form[0] == "assign" else [form[2]]:
            while target[0] == "sub":
                target = target[2]
            found.update([target[2]] if target[0] == "name" else [])
    return found


def _reads(program: Program, block: Block, form: Form) -> bool:
    """Whether a value is what a helper reads of the request that it is given: `await self.body_of(request)`."""
    call = form[2] if form[0] == "await" else form
    if call[0] != "call" or not any(item[0] == "name" and item[2] in ("request", "req") for item in call[3]):
        return False
    bodies = (body_of(program, function) for function, _ in called(program, block, call))
    return any(_gives_body(body) for body in bodies if body is not None)


def _gives_body(block: Block) -> bool:
    """Whether a function returns the body that it reads, decoded or cut off perhaps; masked is none."""
    if _is_careful(block, _HIDING):
        return False
    names = block.forms.names_of(lambda value: _has_body(value, set()))
    return any(form[2] is not None and _has_body(form[2], names) for form in block.forms.of("return"))


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
