"""Callers that are programs: an API key stands for a client with permissions (guide section 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import InsertStatements
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import Class, External, Function, Instance
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.demanding import http_exception
from fastapi_seclint.subjects.owners.identity import Guard, guards
from fastapi_seclint.subjects.rights.own_right import set_by_constructor
from fastapi_seclint.subjects.rights.roles import reads_scopes
from fastapi_seclint.subjects.rights.tested import tested_rights
from fastapi_seclint.subjects.wiring.meant_rights import meant_permission, verbs_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PERMISSIONS = frozenset(
    {"permissions", "scopes", "allowed_scopes", "granted_scopes", "privileges", "grants", "rights"}
)
_SEVERAL = frozenset({"list", "set", "frozenset", "tuple", "List", "Set", "FrozenSet", "Tuple", "Sequence"})
_CLIENT = re.compile(r"(^|_)(client|api_?key|key|service|partner|integration|consumer|application|machine)(_|$)")
_ABOUT_ONESELF = re.compile(r"^(me|whoami|self|status|usage|limits|quota)$", re.I)


def untested_permissions(program: Program, route: Route) -> str:
    """What a route ignores of the API client that calls it, as the end of a sentence, or an empty string."""
    found = ignored_client(program, route)
    return f"never tests {found[1]}.{found[2]}" if found is not None else ""


def ignored_client(program: Program, route: Route) -> tuple[str, str, str] | None:
    """The parameter that holds the API client (may be empty), what it is called in a message, its ignored field."""
    if any(_ABOUT_ONESELF.match(word) for word in access.segments(route.path)):
        return None
    for guard in guards(program, route):
        if guard.node is not None and reads_scopes(program, guard.node):
            continue  # each route says which scopes it wants, `Security(guard, scopes=[])` that it wants none
        if route.function is not None and guard.parameter and _shows_only(route.function, guard.parameter):
            return None
        for cls in _classes(program, route, guard):
            field = _permissions(program, cls)
            if field and (_CLIENT.search(snake(cls.name)) or _takes_key(guard)):
                return guard.parameter, cls.name, field
        if _CLIENT.search(snake(guard.name)) and (field := _tested_beside(program, route, guard)):
            return guard.parameter, guard.parameter or guard.name, field
    return None


def permission_tested(program: Program, route: Route) -> Fix | None:
    """The test that the client has the permission which the route is named after, first in the handler.

    None where the project speaks of no permission that fits.
    """
    found, handler = ignored_client(program, route), route.function
    if found is None or handler is None or not found[0] or handler.number < 0:
        return None
    asked = _asked_beside(program, route, found[0])
    right = meant_permission(program, route) if asked is None else None
    if asked is None and right is None:
        return None
    error, imports = http_exception(handler.module)
    refusal = f'raise {error}(status_code=403, detail="Insufficient permissions")'
    test = f'"{right}" not in {found[0]}.{found[2]}' if asked is None else f'not {found[0]}.{asked[0]}("{asked[1]}")'
    code = f"if {test}:\n    {refusal}"
    edit = InsertStatements(handler.module.path, span_of(handler.at), "first-in-body", code)
    return Fix(f"refuse clients without {right}", False, (edit, *imports))


def _asked_beside(program: Program, route: Route, client: str) -> tuple[str, str] | None:
    """The method by which other routes ask the client of this guard, and the one right that fits what a route does.

    `if not client.may("write"): raise ...` of a PUT is that of a DELETE, too.
    """
    names = {guard.name for guard in guards(program, route) if guard.parameter == client}
    found: set[tuple[str, str]] = set()
    for other in program.routes:
        own = {guard.parameter for guard in guards(program, other) if guard.name in names}
        for form in other.function.forms.of("if") if other.function is not None and own else ():
            match form[2]:
                case [
                    "unary",
                    _,
                    "not",
                    ["call", _, ["attr", _, ["name", _, name], method], [["const", _, str(right)]], []],
                ]:
                    if name in own and words_of(right)[-1:] and words_of(right)[-1] in verbs_of(route):
                        found.add((str(method), right))
    return next(iter(found)) if len(found) == 1 else None


def _shows_only(handler: Function, client: str) -> bool:
    """Whether a handler does nothing but tell the client what it is: `return {"client": client.name}`."""
    last = handler.statements()[-1:]
    return bool(last) and len(handler.forms.of("return", "expr", "assign")) == 1 and _is_of(last[0][-1], client)


def _is_of(form: Form | None, client: str) -> bool:
    match form:
        case ["name", _, name]:
            return bool(name == client)
        case ["attr", _, owner, _]:
            return _is_of(owner, client)
        case ["dict", _, [_, *_] as pairs]:
            return all(_is_of(value, client) for _, value in pairs)
    return False


def _tested_beside(program: Program, route: Route, guard: Guard) -> str:
    """The permissions that another route tests of a client that the same guard gives, whatever is out of sight."""
    for other in program.routes:
        handler = other.function
        if handler is None or handler is route.function:
            continue
        names = {item.parameter for item in guards(program, other) if item.name == guard.name and item.parameter}
        for form in handler.forms.of("attr") if names else ():
            if form[3] in _PERMISSIONS and form[2][0] == "name" and form[2][2] in names:
                return str(form[3])
    return ""


def _classes(program: Program, route: Route, guard: Guard) -> Iterator[Class]:
    """The classes of what a guard gives the handler: its parameter's annotation, what the guard says it returns."""
    for parameter in parameters(route.endpoint) if route.endpoint is not None else []:
        if parameter.name == guard.parameter:
            yield from access.classes(program.walker.resolver.type_of(parameter))
    function = guard.node.function if guard.node is not None else None
    if function is not None and function.returns is not None:
        yield from access.classes(program.interpreter.ask(function.returns, function.scope))


def _permissions(program: Program, cls: Class) -> str:
    """The field for what a client may do: one of the usual names, or a list by which a guard refuses clients."""
    for base in cls.lineage():
        for name, annotation, _ in base.fields if isinstance(base, Class) else ():
            several = any(item[-1] in _SEVERAL for item in walk([annotation]) if item[0] in ("name", "attr"))
            if name in _PERMISSIONS or (several and name in tested_rights(program)):
                return name
    return next((name for name in set_by_constructor(cls) if name in _PERMISSIONS), "")


def _takes_key(guard: Guard) -> bool:
    """Whether a guard reads an API key."""
    for node in guard.node.walk() if guard.node is not None else ():
        call = node.call.cls if isinstance(node.call, Instance) else node.call
        if isinstance(call, External) and "APIKey" in call.name:
            return True
        if isinstance(call, Class) and any("APIKey" in base for base in call.external_bases()):
            return True
    return False
