"""FSL310: the failure to verify a token is caught, nothing is refused, and the request goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.checks.public_route_requires_token import meant_for_visitors
from fastapi_seclint.facts.forms import Form, arguments, mentions, names_in, span_of, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Evidence, Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.entrances import is_entrance, is_for_development
from fastapi_seclint.subjects.limits.limiters import inner_numbers
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.tokens.after_swallowing import (
    answers_there,
    comes_by,
    ends_there,
    goes_on_to,
    refused_by_caller,
    refused_later,
    shows_as_visitor,
)
from fastapi_seclint.subjects.tokens.looking import looked_at
from fastapi_seclint.subjects.tokens.made_up import goes_on_as_somebody, makes_somebody_up
from fastapi_seclint.subjects.tokens.swallow_fixes import grants, refused
from fastapi_seclint.subjects.tokens.swallowing import Swallow, own_swallows, swallows

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL310",
    name="jwt-error-swallowed",
    summary="a forged or expired token is noticed, and the request goes on all the same",
    severity="critical",
    cwe=(287, 755),
    owasp=("API2",),
    guide="5",
    fixable="safe",
)
_ADVICE = "raise HTTPException(401) in this handler"
_OPTIONAL = re.compile(r"optional|maybe|or_none|anonymous|guest|if_any|try_|^open_?auth|public|everybody", re.I)


@RULE.check
def jwt_error_swallowed(program: Program) -> Iterator[Finding]:
    """A finding on each `except` that lets a failed verification pass on the way to an open route."""
    for place, (swallow, routes) in let_pass(program).items():
        yield _finding(place, swallow, routes)


@lru_cache(maxsize=1)
def let_pass(program: Program) -> dict[Location, tuple[Swallow, list[Route]]]:
    """Each such `except` by its place, with the routes behind it."""
    found: dict[Location, tuple[Swallow, list[Route]]] = {}
    for route in program.routes:
        if _is_considered(program, route):
            guarded = program.guarding(route).protection not in ("open", "unknown")
            for swallow in _made_up(program, route) if guarded else _on_the_way(program, route):
                place = Location(swallow.function.module.path, span_of(swallow.at))
                found.setdefault(place, (swallow, []))[1].append(route)
    return found


def _is_considered(program: Program, route: Route) -> bool:
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return False
    return not ("logout" in route.path.lower() or is_for_development(route) or is_entrance(program, route))


def _made_up(program: Program, route: Route) -> Iterator[Swallow]:
    """Swallows by which a guard that asks for a token goes on as somebody when it is a bad one."""
    for node in route.dependencies:
        functions = [item.function for item in node.walk() if item.function and not _OPTIONAL.search(item.name)]
        found = [item for one in functions for item in swallows(program, one) if goes_on_as_somebody(item)]
        yield from (item for item in found if item.returned is None or not refused_by_caller(program, item))
    yield from _in_backends(program, route)


def _on_the_way(program: Program, route: Route) -> Iterator[Swallow]:
    for node in route.dependencies:
        yield from _in_dependency(program, route, node)
    if route.function is not None:
        found = own_swallows(program, route.function)
        found = [item for item in found if access.changes_state(route) or not shows_as_visitor(item)]
        yield from _in_handler(program, route.function, found)
        yield from _in_helpers(program, route)
        yield from _in_decorators(program, route, route.function)
    yield from _in_layers(program, route)
    yield from _in_backends(program, route)


def _in_decorators(program: Program, route: Route, handler: Function) -> Iterator[Swallow]:
    """Swallows of a decorator that calls the handler all the same; one that asks the request's state may refuse."""
    if _asks_state(handler):
        return
    for decorator, _ in wrapping_decorators(route):
        if not isinstance(decorator, Function):
            continue
        for number in inner_numbers(decorator)[1:]:
            inner = program.sites.function(decorator.module, number)
            if inner is not None:
                yield from _in_handler(program, inner, own_swallows(program, inner))


def _asks_state(handler: Function) -> bool:
    """Whether a handler tests or keeps what lies in the request's state, or hands that or the request on."""
    stated = {id(form): form for form in handler.forms.of("attr") if form[3] == "state"}
    holders = [form[2][2:] for form in stated.values()]
    asking = [form[2] for form in handler.forms.of("if", "ifexp", "assert", "while")]
    asking += [*handler.forms.of("compare", "bool", "unary"), *(form[3] for form in handler.forms.of("assign"))]
    handed = [given for form in handler.forms.of("call") for given in arguments(form)]
    tested = any(id(inner) in stated for form in asking for inner in walk(form))
    return tested or any(given[2:] in holders or id(given) in stated for given in handed)


def _in_dependency(program: Program, route: Route, node: Node) -> Iterator[Swallow]:
    if node.name in program.guarding(route).guards.rate_limit:
        return
    nodes = [item for item in node.walk() if not _OPTIONAL.search(item.name.rpartition(".")[2])]
    functions = [item.function for item in nodes if item.function is not None]
    found = [swallow for function in functions for swallow in swallows(program, function)]
    way = [inner for function in functions for inner in reached(program, function)] if found else []
    found = [item for item in found if not refused_later(item) and not refused_by_caller(program, item, way)]
    if not found or _OPTIONAL.search(node.name.rpartition(".")[2]):
        return
    missing, junk = (program.guard_model.dependencies.encounter(node.call, Stranger(item)) for item in (False, True))
    if verdict(junk) == "denies":
        return
    if verdict(missing) != "denies" and any(
        not ending.denies
        and ending.place is not None
        and not _within(found, ending.place.at)
        and not (access.changes_state(route) and any(comes_by(item, ending.place.at) for item in found))
        and any(form[0] == "return" and form[1] == ending.place.at for form in _statements(functions))
        and not ending.conditional
        for ending in missing.endings
    ):
        return
    if node.parameter and route.function is not None and looked_at(program, route.function, {node.parameter}):
        return
    if access.changes_state(route) or not _may_be_for_visitors(program, route, node, functions):
        yield from found


def _may_be_for_visitors(program: Program, route: Route, node: Node, functions: list[Function]) -> bool:
    """Whether a dependency says itself that there may be no token, or a handler asks what it gives for that.

    A dependency that refuses anybody at all is for nobody but users.
    """
    if any(meant_for_visitors(program, function) for function in functions):
        return True
    if any(function.forms.of("raise") for function in functions):
        return False
    return route.function is not None and _asks_whether_anybody(program, route.function, node.parameter)


def _asks_whether_anybody(program: Program, handler: Function, name: str | None) -> bool:
    """Whether a handler asks an object that may stand for nobody whether it does: `session.authenticated`."""
    block = body_of(program, handler)
    for form in handler.forms.of("attr") if block is not None else ():
        if form[2][0] != "name" or form[2][2] != name or block is None:
            continue
        for known in options(ask(program, block, form[2])):
            told = method_of(known, form[3]) if isinstance(known, Instance) else None
            given = [one[2] for one in told.forms.of("return")] if told is not None and told.kind == "property" else []
            if given and all(value is not None and _asks_for_nothing(value) for value in given):
                return True
    return False


def _asks_for_nothing(value: Form) -> bool:
    """Whether an expression says that something is there or is not: `self.name is not None`, `not self.claims`."""
    return any(
        one[0] == "unary" or (one[0] == "compare" and any(part[::2] == ["const", None] for part in walk(one)))
        for one in ([value, *value[3]] if value[0] == "bool" else [value])
    )


def _statements(functions: list[Function]) -> Iterator[Form]:
    for function in functions:
        yield from function.forms.every


def _within(found: list[Swallow], at: int) -> bool:
    return any(form[1] == at for swallow in found for form in walk(swallow.body))


def _in_handler(program: Program, function: Function, found: list[Swallow]) -> Iterator[Swallow]:
    """Swallows of a handler that goes on to its work and never looks whether there are claims."""
    for swallow in found:
        if swallow.returned is None:
            names = {
                inner[2]
                for form in function.forms.every
                if form[0] == "assign"
                for target in form[2]
                for inner in walk(target)
                if inner[0] == "name"
            }
            ended = ends_there(swallow) or answers_there(program, swallow)
            if makes_somebody_up(swallow) or not (ended or looked_at(program, function, names)):
                yield swallow


def _in_helpers(program: Program, route: Route) -> Iterator[Swallow]:
    """Swallows of what a handler gets the caller from, which it never looks at before it changes something."""
    handler = route.function
    block = body_of(program, handler) if handler is not None and access.changes_state(route) else None
    for call, names in _gotten(block) if block is not None else ():
        for helper, _ in called(program, block, call) if block is not None else ():
            nothing = [item for item in own_swallows(program, helper) if item.returned is None or _gives_none(item)]
            if not nothing or _OPTIONAL.search(helper.name) or handler is None:
                continue
            if any(refused_later(item) or refused_by_caller(program, item) for item in nothing):
                continue
            if not looked_at(program, handler, names) and not any(form[0] == "raise" for form in helper.forms.every):
                yield from nothing


def _gives_none(swallow: Swallow) -> bool:
    given = swallow.returned
    return given is not None and given[0] == "return" and (given[2] is None or given[2][0] == "const")


def _gotten(block: Block) -> Iterator[tuple[Form, set[str]]]:
    """What a block calls to go on with what that gives: `user = who(token)`, `async with who(token) as user`."""
    for form in block.forms.of("assign", "with"):
        pairs = [(form[3], form[2])] if form[0] == "assign" else form[2]
        for value, targets in pairs:
            call = value[2] if value[0] == "await" else value
            names = names_in(targets or [])
            used = any(item[2] in names and item[1] > call[1] for item in block.forms.of("name"))
            if used and call[0] == "call" and call[2][0] in ("name", "attr"):
                yield call, names


def _in_layers(program: Program, route: Route) -> Iterator[Swallow]:
    """Swallows of a middleware that hands strangers on, where no route of the application asks for more."""
    for layer in route.app.layers:
        for option in options(layer.what):
            functions = [option] if isinstance(option, Function) else []
            if isinstance(option, Class):
                methods = [method_of(Instance(option), name) for name in ("dispatch", "__call__")]
                functions = [method for method in methods if method is not None]
            found = [swallow for function in functions for swallow in own_swallows(program, function)]
            found = [swallow for swallow in found if not _begins_session(swallow)]
            acts = access.changes_state(route)
            helped = [one for function in functions for one in _of_helpers(program, function, acts)]
            if (found or helped) and not _app_protected(program, route):
                yield from helped
                yield from (swallow for swallow in found if swallow.returned is None or _hands_on(swallow.returned))


def _begins_session(swallow: Swallow) -> bool:
    """Whether a layer gives an empty session to who comes with a bad cookie: `scope["session"] = {}`, as Starlette."""
    emptied = [
        item[2] for item in walk(swallow.body) if item[0] == "assign" and item[3][0] == "dict" and not item[3][2]
    ]
    targets = [target for form in swallow.function.forms.of("assign") for target in form[2]]
    kept = any(target[0] == "sub" and target[3][:1] == ["const"] and target[3][2] == "session" for target in targets)
    return bool(emptied) and kept


def _in_backends(program: Program, route: Route) -> Iterator[Swallow]:
    """Swallows of the backend of Starlette's AuthenticationMiddleware that call whoever fails authenticated."""
    for layer in route.app.layers:
        for backend in options(layer.arguments.get("backend", 0)):
            method = method_of(backend, "authenticate") if isinstance(backend, Instance) else None
            for swallow in own_swallows(program, method) if method is not None else ():
                given = [swallow.returned] if swallow.returned is not None else goes_on_to(swallow)
                if any(grants(form) for form in walk(given)):
                    yield swallow


def _of_helpers(program: Program, function: Function, acts: bool) -> Iterator[Swallow]:
    """Swallows of what a middleware hands its request or a header to, which give somebody for a bad token.

    Where the route that is behind it `acts`, nobody is bad enough.
    """
    block = body_of(program, function)
    for form in block.forms.of("call") if block is not None else ():
        handed = mentions(form[3], {"request", "conn", "scope"})
        for inner, _ in called(program, block, form) if handed and block is not None else ():
            for swallow in own_swallows(program, inner):
                given = swallow.returned
                if given is not None and (_is_somebody(given) or (acts and _gives_none(swallow))):
                    yield replace(swallow, layered=True)


def _is_somebody(form: Form) -> bool:
    """Whether a helper gives somebody for a bad token: `return "1"`; nothing, or a word for nobody, stands for none."""
    nobody = ("anonymous", "guest", "none", "unknown", "true")
    given = form[2] if form[0] == "return" else form
    return given is not None and given[0] == "const" and bool(given[2]) and str(given[2]).lower() not in nobody


def _hands_on(form: Form) -> bool:
    return any(inner[0] == "call" and inner[2][-1] == "call_next" for inner in walk(form))


def _app_protected(program: Program, route: Route) -> bool:
    return any(program.guarding(other).protection == "protected" for other in program.routes if other.app is route.app)


def _finding(place: Location, swallow: Swallow, routes: list[Route]) -> Finding:
    shown = [route for route in routes if route.place is not None][:20]
    manager = swallow.manager
    evidence = [Evidence(manager.place.location, "the failure ends in this")] if manager is not None else []
    evidence += [
        Evidence(route.place.location, f"{access.spoken(route)} relies on it") for route in shown if route.place
    ]
    return RULE.finding(
        place,
        f"a token that fails to verify is let through here, so a forged or expired one opens "
        f"{access.spoken(routes[0])}: {'answer 401 in the middleware' if swallow.layered else _ADVICE}",
        symbol=swallow.function.dotted,
        route=access.key(routes[0]),
        evidence=evidence,
        fix=refused(swallow),
        masks=("unprotected-route", "optional-auth-unchecked", *BEHIND_AUTHENTICATION),
    )
