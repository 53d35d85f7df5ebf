"""Middleware, route classes and decorators that ask for a token, let in whoever sends one, and never look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.callables import dotted_name, parameters
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.credentials import names_credential
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.guards import layers_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, Value, options, settled, string
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.credentials import backend_refuses, hands_on
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CARRIED = frozenset({"headers", "cookies"})


def demanding(program: Program) -> Iterator[tuple[Function, list[Route]]]:
    """The functions of middleware, decorators and handlers that only ask for a token, and what a made-up one opens."""
    yield from _middleware(program)
    yield from _route_classes(program)
    yield from _decorators(program)
    yield from _handlers(program)


def _middleware(program: Program) -> Iterator[tuple[Function, list[Route]]]:
    """The functions of such middleware, each with the routes that a made-up token opens.

    Where something behind it refuses such tokens on any route, it only comes first.
    """
    found: dict[tuple[str, int], tuple[Function, list[Route]]] = {}
    checked: set[tuple[str, int]] = set()
    for route in program.routes:
        if route.kind != "http" or route.place is None or backend_refuses(route.app):
            continue
        guarding = program.guarding(route)
        asking = {
            meeting.name
            for meeting in guarding.meetings
            if (meeting.missing, meeting.junk) == ("denies", "passes") and not (meeting.opaque or meeting.configured)
        }
        for option in (option for layer in layers_of(route) for option in options(layer.what)):
            function = _running(option) if dotted_name(option) in asking else None
            if function is None or program.is_test(function.module):
                continue
            key = (function.module.file, function.number)
            if guarding.protection == "open":
                found.setdefault(key, (function, []))[1].append(route)
            else:
                checked.add(key)
    for key, (function, routes) in found.items():
        if key not in checked and _looks_no_further(program, function):
            yield function, routes


def _route_classes(program: Program) -> Iterator[tuple[Function, list[Route]]]:
    """The functions that route classes of the project answer with, which only ask for a token, and the routes."""
    found: dict[tuple[str, int], tuple[Function, list[Route]]] = {}
    for route in program.routes:
        if route.place is None or program.is_test(route.place.module):
            continue
        classes = [one for one in options(route.router.arguments.get("route_class")) if isinstance(one, Class)]
        guarding = program.guarding(route) if classes else None
        if guarding is None or guarding.protection != "open":
            continue
        asking = {item.name for item in guarding.meetings if (item.missing, item.junk) == ("denies", "passes")}
        for method in (method_of(Instance(one), "get_route_handler") for one in classes if one.dotted in asking):
            for function in _defined_in(program, method) if method is not None else ():
                if _looks_no_further(program, function):
                    found.setdefault((function.module.file, function.number), (function, []))[1].append(route)
    yield from found.values()


def _defined_in(program: Program, method: Function) -> Iterator[Function]:
    """The functions that are defined in a method."""
    for number, (_, _, around) in enumerate(method.module.facts.functions):
        function = program.sites.function(method.module, number) if around == method.number else None
        if function is not None:
            yield function


def _decorators(program: Program) -> Iterator[tuple[Function, list[Route]]]:
    """The functions that decorators of the project put around handlers, which only ask for a token, and the routes."""
    found: dict[tuple[str, int], tuple[Function, list[Route]]] = {}
    for route in program.routes:
        if route.place is None or not wrapping_decorators(route) or program.is_test(route.place.module):
            continue
        guarding = program.guarding(route)
        if guarding.protection != "open":
            continue
        asking = (item for item in guarding.meetings if (item.missing, item.junk) == ("denies", "passes"))
        if not any(item.name == route.name and not item.opaque for item in asking):
            continue
        for decorator, _ in wrapping_decorators(route):
            for function in reached(program, decorator, 1) if isinstance(decorator, Function) else ():
                if _looks_no_further(program, function):
                    key = (function.module.file, function.number)
                    found.setdefault(key, (function, []))[1].append(route)
    yield from found.values()


def _handlers(program: Program) -> Iterator[tuple[Function, list[Route]]]:
    """The handlers that read a token themselves, ask only for its being there, and their routes."""
    found: dict[tuple[str, int], tuple[Function, list[Route]]] = {}
    for route in program.routes:
        handler = route.function
        if handler is None or route.kind != "http" or route.place is None or program.is_test(route.place.module):
            continue
        guarding = program.guarding(route)
        if guarding.protection != "open" or not access.changes_state(route) or _is_logout(route):
            continue
        held = set(_carrying(program, route, handler))
        asking = [item for item in guarding.meetings if (item.missing, item.junk) == ("denies", "passes")]
        if held and [item.name for item in asking if not item.opaque] == [route.name] and not hands_on(handler, held):
            found.setdefault((handler.module.file, handler.number), (handler, []))[1].append(route)
    yield from found.values()


def _is_logout(route: Route) -> bool:
    return re.search(r"log[-_]?out|sign[-_]?out|revoke", route.path, re.I) is not None


def _carrying(program: Program, route: Route, handler: Function) -> Iterator[str]:
    """The names of a handler that get the Authorization header: parameters, and what it reads of the request."""
    for parameter in parameters(route.endpoint) if route.endpoint is not None else ():
        if parameter.name.lower() == "authorization" and program.walker.resolver.dependency_of(parameter) is None:
            yield parameter.name
    for form in handler.forms.of("assign"):
        match form:
            case ["assign", _, [["name", _, name]], value] if any(map(_takes_credential, walk(value))):
                yield name


def _takes_credential(form: Form) -> bool:
    """Whether a form takes a credential by its name out of a request: `request.headers.get("Authorization")`."""
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, kept], "get"], [["const", _, str(name)], *_], _]:
            return kept in _CARRIED and names_credential(name)
        case ["sub", _, ["attr", _, _, kept], ["const", _, str(name)]]:
            return kept in _CARRIED and names_credential(name)
    return False


def _running(middleware: Value) -> Function | None:
    if isinstance(middleware, Function):
        return middleware
    for base in middleware.lineage() if isinstance(middleware, Class) else ():
        for name in ("dispatch", "__call__"):
            method = base.namespace.get(name) if isinstance(base, Class) else None
            if isinstance(method, Function):
                return method
    return None


def _looks_no_further(program: Program, function: Function) -> bool:
    """Whether a function takes credentials into names, hands none of them on and keeps none that others read."""
    held = {
        item[2]
        for form in function.forms.of("assign", "walrus")
        if form[3] is not None and any(map(_carries, walk([form[3]])))
        for target in (form[2] if form[0] == "assign" else [form[2]])
        for item in walk(target if target[0] in ("tuple", "list") else [target])
        if item[0] == "name" and target[0] in ("name", "tuple", "list")
    }
    if not held:
        return _only_asks(program, function)
    if hands_on(function, held):
        return False
    kept = {name for form in function.forms.of("assign") for target in form[2] if (name := _left_in_state(target))}
    return not kept or not any(_reads(program, function, name) for name in kept)


def _only_asks(program: Program, function: Function) -> bool:
    """Whether a function asks whether a credential was sent, `"x-api-key" in request.headers`, and never takes it."""
    tests = [item for form in function.forms.of("if") for item in walk([form[2]])]
    block = body_of(program, function)
    if block is None or not any(_is_presence(program, block, item) for item in tests):
        return False
    around = function.module.facts.functions[function.number][2] if function.number >= 0 else -1
    outer = program.sites.function(function.module, around) if around >= 0 else None
    goes_on = _GOES_ON | {item[0] for item in (outer.parameters if outer is not None else ())}
    made = outer.forms.of("assign") if outer is not None else ()
    goes_on |= {target[2] for form in made for target in form[2] if target[0] == "name"}
    for call in function.forms.of("call"):
        given = list(walk(arguments(call)))
        whole = any(item[0] == "name" and item[2] in ("request", "scope") for item in given)
        if any(map(_carries, given)) or (whole and str(last_name(call[2])) not in goes_on):
            return False
    return True


_GOES_ON = frozenset({"call_next", "app"})
"""How a middleware goes on: `call_next(request)`, `self.app(scope, receive, send)`; a wrapper calls what it got."""


def _is_presence(program: Program, block: Block, form: Form) -> bool:
    match form:
        case ["compare", _, ["const", _, str(name)], ["in" | "not in"], [["attr", _, _, kept]]]:
            return kept in _CARRIED and names_credential(name)
        case ["compare", _, ["attr" | "name", *_] as name, ["in" | "not in"], [["attr", _, _, kept]]]:
            known = [text for one in settled(ask(program, block, name)) if (text := string(one)) is not None]
            return kept in _CARRIED and any(map(names_credential, known))
        case ["call", *_]:
            return _takes_credential(form)
    return False


def _carries(form: Form) -> bool:
    """Whether a form is what credentials come in: `request.headers`, `Headers(scope=scope)`, `scope["headers"]`."""
    match form:
        case ["attr", _, _, name]:
            return name in _CARRIED
        case ["call", _, ["name" | "attr", *_] as made, *_]:
            return str(made[-1]) == "Headers"
        case ["sub", _, ["name", _, "scope"], ["const", _, name]]:
            return name in _CARRIED
    return False


def _is_state(form: Form) -> bool:
    return bool(form[0] == "attr" and form[3] == "state")


def _left_in_state(target: Form) -> str:
    """The name under which an assignment leaves something with the request: `scope["state"]["token"] = token`."""
    match target:
        case ["attr", _, ["attr", _, _, "state"], str(name)]:
            return name
        case ["sub", _, ["sub", _, _, ["const", _, "state"]], ["const", _, str(name)]]:
            return name
    return ""


def _reads(program: Program, function: Function, name: str) -> bool:
    """Whether another function asks the request's state for a name."""
    for block in program.sites.blocks(frozenset({name})):
        if block.function is function:
            continue
        if any(_is_state(form[2]) and form[3] == name for form in block.forms.of("attr")):
            return True
    return False
