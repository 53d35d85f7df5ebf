"""Fixes that limit a route: with the limiter that the project has, else with the one of the reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddDecorator, AddImport, AddParameter, Edit
from fastapi_seclint.facts.forms import Form, line_of, span_of
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import Class, External, Function, Instance, Place, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.imports import closes_circle
from fastapi_seclint.subjects.code.reference import brought, local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.guards.fixes import depending
from fastapi_seclint.subjects.guards.swapping import argument_of
from fastapi_seclint.subjects.limits.defaults import SLOWAPI
from fastapi_seclint.subjects.limits.keys import by_address
from fastapi_seclint.subjects.limits.limiters import is_exempt, node_limits
from fastapi_seclint.subjects.limits.own_tests import unlimited
from fastapi_seclint.subjects.logins.routes import auth_routes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LIMITS = "max_requests=10, window_seconds=60"
GUESSING = ("login", "code check", "token", "password reset")
"""What is guessed for one account, from as many addresses as an attacker has."""
_RATE = '"10/minute"'
_REMOTE = "slowapi.util.get_remote_address"


@dataclass(frozen=True, slots=True)
class _Limiter:
    """A dependency that limits: its code in a file, the imports that it needs, how people call it, what to install."""

    code: str
    edits: tuple[Edit, ...]
    name: str
    needs: str = ""


def limit_routes(program: Program, routes: Iterable[Route], *, guessing: bool = False) -> Fix | None:
    """A limit for every registration of a handler; None where one of them cannot be given one.

    With `guessing`, the project's own limiter is not enough where it counts by nothing but the address, unless the
    project has it before another login: an attacker tries one account from many.
    """
    registered = [route for route in routes if route.kind == "http" and route.registration is not None]
    if not registered:
        return None
    decorated = _by_slowapi(program, registered[0]) if not is_exempt(registered[0]) else None
    if decorated is not None:
        return decorated
    places = [route.registration.place for route in registered if route.registration is not None]
    return limit_calls(program, places, guessing=guessing)


def limit_calls(program: Program, places: Iterable[Place], *, guessing: bool = False) -> Fix | None:
    """`dependencies=[Depends(limiter)]` for each of the calls that register or include routes."""
    edits: list[Edit] = []
    chosen: _Limiter | None = None
    for place in dict.fromkeys(places):
        own = _own(program, place.module, line_of(place.at), guessing)
        chosen = own or _of_reference(program, place.module, guessing)
        added = depending(place, chosen.code, chosen.edits) if chosen is not None else ()
        if not added:
            return None
        edits += added
    if chosen is None:
        return None
    return Fix(f"limit it by {chosen.name}{chosen.needs}", False, tuple(dict.fromkeys(edits)))


def _of_reference(program: Program, module: Module, guessing: bool) -> _Limiter | None:
    code = brought(program, module, "rate_limits", "RateLimit")
    if code is None:
        return None
    counted = "the client's address and the account" if guessing else "the client's address"
    home = next(edit.module for edit in code.edits if isinstance(edit, AddImport))
    edits = (*code.edits, *unlimited(program, module, home, "RateLimit"))
    return _Limiter(f"{code.names['RateLimit']}({_LIMITS})", edits, counted, code.needs)


def _own(program: Program, module: Module, line: int, guessing: bool) -> _Limiter | None:
    """The limiter that another route of the project depends on, as far as strangers can be limited by it."""
    chosen = {id(route) for route, purpose in auth_routes(program) if purpose in GUESSING} if guessing else set()
    for route in program.routes:
        known = program.guarding(route).guards.rate_limit
        for node in route.dependencies:
            limits = node.name in known or node_limits(program, node)
            enough = not guessing or id(route) in chosen or not by_address(node.call)
            if limits and enough and _needs_nobody(node) and node.written is not None:
                found = _again(program, module, line, node)
                if found is not None:
                    return found
    return None


def _needs_nobody(node: Node) -> bool:
    """Whether a limiter works before somebody has logged in."""
    return not any(scheme_of(inner.call) is not None or "current" in inner.name for inner in node.walk())


def _again(program: Program, module: Module, line: int, node: Node) -> _Limiter | None:
    """The same dependency written in another file or place, when it starts with a name that can be had there."""
    if node.written is None:
        return None
    argument = argument_of(node.written)
    code = rendered(argument)
    form = argument
    while form is not None and form[0] in ("call", "attr"):
        form = form[2]
    if code is None or form is None or form[0] != "name" or program.is_test(node.written.module):
        return None
    source, name = node.written.module, str(form[2])
    edits = _import_of(program, source, name, module, line)
    return None if edits is None else _Limiter(code, edits, f"the project's own {name}")


def _import_of(program: Program, source: Module, name: str, module: Module, line: int) -> tuple[Edit, ...] | None:
    """The import that a file needs to know a name as another file does; None when it cannot."""
    value = next(options(source.scope.local(name)), None)
    if isinstance(value, External):
        owner, _, plain = value.name.removesuffix("()").rpartition(".")
        if value.called or not owner or plain != name:
            return None
        return () if name in module.scope.names else (AddImport(module.path, owner, name, local=False),)
    if not isinstance(value, Function | Class | Instance):
        return None
    home = value.module if isinstance(value, Function | Class) else value.place.module if value.place else source
    if isinstance(value, Function | Class) and value.name != name:
        return None
    if home is module:
        at = value.at if isinstance(value, Function | Class) else value.place.at if value.place else 0
        return () if line_of(at) < line and name in module.scope.names else None
    if name not in home.scope.names or home.name in ("", "__main__") or closes_circle(program, home, module):
        return None
    if name in module.scope.names:
        return () if module.scope.names[name] is value else None
    return (AddImport(module.path, home.name, name, local=True, target=home.path),)


def _by_slowapi(program: Program, route: Route) -> Fix | None:
    """`@limiter.limit(...)` of the project's slowapi limiter, where it limits other routes by the client's address."""
    found = next((item for item in _slowapi_limiters(program)), None)
    edits = decorated_by(program, route, *found, _RATE) if found is not None else None
    return Fix(f"limit it by the project's own {found[1]}", False, edits) if found is not None and edits else None


def decorated_by(program: Program, route: Route, module: Module, name: str, rate: str) -> tuple[Edit, ...] | None:
    """The edits that decorate a handler with the slowapi limiter that a file knows by a name, if they can."""
    handler = route.function
    if handler is None or route.registration is None or handler.owner is not None or not _is_decorated(route):
        return None
    request = _request(handler)
    if request is None:
        return None
    if module is handler.module:
        imports: tuple[Edit, ...] = ()
        if not _defined_above(module, name, line_of(handler.at)):
            return None
    elif name in handler.module.scope.names:
        imports = ()
    elif closes_circle(program, module, handler.module) or local_name(handler.module, name, module.name) != name:
        return None
    else:
        imports = (AddImport(handler.module.path, module.name, name, local=True, target=module.path),)
    decorator = AddDecorator(handler.module.path, span_of(handler.at), f"{name}.limit({rate})", "below-route")
    return (decorator, *request, *imports)


def _is_decorated(route: Route) -> bool:
    """Whether the route is registered by a decorator of the handler itself."""
    registration, handler = route.registration, route.function
    return (
        registration is not None
        and handler is not None
        and registration.place.module is handler.module
        and (line_of(registration.place.at) <= line_of(handler.at))
    )


def _slowapi_limiters(program: Program) -> Iterable[tuple[Module, str]]:
    used = any("slowapi" in name for route in program.routes for name in program.guarding(route).guards.rate_limit)
    if not used:
        return
    for call in program.sites.calls(*SLOWAPI):
        key = call.argument("key_func", 0)
        if call.block.function is not None or key is None or program.is_test(call.block.module):
            continue
        if not any(isinstance(item, External) and item.name == _REMOTE for item in options(call.value(key))):
            continue
        for form in call.block.statements:
            if form[0] == "assign" and form[3][1] == call.form[1] and form[2][0][0] == "name":
                yield call.block.module, str(form[2][0][2])


def _defined_above(module: Module, name: str, line: int) -> bool:
    return any(
        form[0] == "assign" and any(target[0] == "name" and target[2] == name for target in form[2])
        for form in module.facts.module
        if line_of(form[1]) < line
    )


def _request(handler: Function) -> tuple[Edit, ...] | None:
    """The parameter `request` that slowapi needs, with its import; None when the handler has another of that name."""
    path, module = handler.module.path, handler.module
    for parameter in handler.parameters:
        if parameter[0] == "request":
            return () if _names_request(parameter[2]) else None
    name = "Request" if "Request" in module.scope.names else local_name(module, "Request", "fastapi")
    if name != "Request":
        return None
    added: tuple[Edit, ...] = (AddParameter(path, span_of(handler.at), "request: Request"),)
    return added if "Request" in module.scope.names else (*added, AddImport(path, "fastapi", "Request"))


def _names_request(annotation: Form | None) -> bool:
    return annotation is not None and annotation[0] in ("name", "attr") and annotation[-1] == "Request"
