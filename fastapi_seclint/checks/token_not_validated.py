"""FSL506: a token is asked for and never looked at: the security scheme is all that guards the route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks.public_route_requires_token import sends_visitors_away
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import is_built_on_scheme
from fastapi_seclint.program.values import Function, Place
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.authentication import comparison, is_scheme
from fastapi_seclint.subjects.guards.credentials import (
    BACKEND_MIDDLEWARE,
    backend_refuses,
    hands_on,
    looks_at_shape,
    put_into_records,
    takes_names_only,
)
from fastapi_seclint.subjects.guards.demanded_only import demanding
from fastapi_seclint.subjects.guards.discarded import thrown_away
from fastapi_seclint.subjects.guards.entrances import is_for_development
from fastapi_seclint.subjects.guards.fields import keeps_unread, kept_scheme
from fastapi_seclint.subjects.guards.fixes import instead_of_schemes, with_new_guard
from fastapi_seclint.subjects.guards.object_fixes import asked_as_beside
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.tokens.new_guards import tested_in
from fastapi_seclint.subjects.tokens.swallowing import raises_for_junk, swallows
from fastapi_seclint.subjects.tokens.unverified import believers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.guards import Meeting

RULE = Rule(
    code="FSL506",
    name="token-not-validated",
    summary="a route asks for a token and accepts any text as one",
    severity="critical",
    cwe=(287, 345),
    owasp=("API2",),
    guide="4",
    fixable="unsafe",
)

_MASKED = ("unprotected-route", *BEHIND_AUTHENTICATION)
_CARRIERS = ("request", "websocket", "authorization", "connection")
"""Parameters of a handler by which it may get at credentials that no dependency gave it."""
_SHOWN = 20
"""How many of the routes that rely on one dependency are listed."""


@RULE.check
def token_not_validated(program: Program) -> Iterator[Finding]:
    """A finding on the route's `def`, or one on the dependency that should have validated the token."""
    through: dict[tuple[str, int], tuple[Function, list[Route]]] = {}
    direct: dict[object, list[Route]] = {}
    views: dict[Place, list[Route]] = {}
    for route in program.routes:
        guard = _scheme_alone(program, route)
        if guard is None or sends_visitors_away(program, route):
            continue
        function = guard.function if not _is_scheme_of_others(program, guard) else None
        if function is not None and _verifies_when_on(program, function):
            continue
        if function is not None and (_reads_unverified(program, guard) or _believes_proxy(guard)):
            continue
        if any(swallows(program, node.function) for node in guard.walk() if node.function is not None):
            continue  # it does validate, and lets go who fails: jwt-error-swallowed says so
        if function is None and (field := kept_scheme(guard)) is not None:
            views.setdefault(field, []).append(route)
        elif function is None:
            direct.setdefault(route.place, []).append(route)
        else:
            through.setdefault((function.module.file, function.number), (function, []))[1].append(route)
    for routes in direct.values():
        yield _of_route(program, routes)
    for place, routes in views.items():
        yield _of_view(program, place, routes)
    for function, routes in through.values():
        yield _of_dependency(function, routes, _fix(program, routes) or _tested(program, function))
    for function, routes in demanding(program):
        yield _of_dependency(function, routes, None)


def _verifies_when_on(program: Program, function: Function) -> bool:
    """Whether a guard that lets everybody in until logins are set up hands its token to what verifies it or refuses."""
    if not function.forms.of("if"):
        return False
    block = body_of(program, function)
    taken = {parameter[0] for parameter in function.parameters}
    for call in function.forms.of("call") if block is not None else ():
        given = any(item[0] == "name" and item[2] in taken for item in call[3])
        functions = called(program, block, call) if given and block is not None else ()
        if any(raises_for_junk(program, one) for one, _ in functions):
            return True
    return False


def _scheme_alone(program: Program, route: Route) -> Node | None:
    """The dependency that asks for credentials, when nothing on the route's way ever tests them."""
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return None
    if "logout" in route.path.lower() or is_for_development(route):
        return None
    guarding = program.guarding(route)
    asking = {item.name for item in guarding.meetings if item.missing == "denies" and not item.configured}
    guards = [node for node in route.dependencies if node.name in asking]
    if guarding.protection != "open" or not guards or _handler_tests(program, route, guards):
        return None
    if backend_refuses(route.app):
        return None
    looking = [item for item in guarding.meetings if item.used and not item.scheme and item.name != BACKEND_MIDDLEWARE]
    if any(_may_reject(program, route, meeting) for meeting in looking):
        return None
    return guards[0]


def _is_scheme_of_others(program: Program, guard: Node) -> bool:
    """Whether a guard is a scheme of the project's own that others take their token from and then validate it."""
    if not is_built_on_scheme(guard.call):
        return False
    protected = (route for route in program.routes if program.guarding(route).protection == "protected")
    return any(node.name == guard.name for route in protected for node in route.nodes())


def _reads_unverified(program: Program, guard: Node) -> bool:
    """Whether a dependency takes the claims out of a token without its signature, which is told where it does so."""
    own = [node.function for node in guard.walk() if node.function is not None]
    functions = [inner for function in own for inner in reached(program, function, reading=True)]
    return any((function.module.file, function.number) in believers(program) for function in functions)


_PROXY = re.compile(
    r"^(http[-_])?(x[-_])?(remote|auth[-_]request|authenticated|forwarded|webauth|proxy)[-_]"
    r"(user|user[-_]?name|email|name|groups?|roles?|preferred[-_]username)$",
    re.I,
)


def _believes_proxy(guard: Node) -> bool:
    """Whether a dependency takes the caller's name from a proxy's header, as CGI's REMOTE_USER (RFC 3875): no token."""
    texts = [
        form[2]
        for node in guard.walk()
        if node.function is not None
        for form in node.function.forms.of("const")
        if isinstance(form[2], str)
    ]
    return any(_PROXY.match(text) for text in texts)


def _may_reject(program: Program, route: Route, meeting: Meeting) -> bool:
    """Whether an element that looks at credentials does more than to see that they are there."""
    for node in route.dependencies:
        if node.name == meeting.name:
            functions = [inner.function for inner in node.walk() if inner.function is not None]
            return any(_rejects(program, function) for function in functions)
    handler = route.function
    if handler is None or meeting.name != handler.dotted:
        return True
    dropped = thrown_away(program, handler)
    known = bool(dropped) or takes_names_only(handler, route.dependencies)
    return not known or hands_on(handler, _CARRIERS, dropped)


def _rejects(program: Program, function: Function) -> bool:
    """Whether a function hands credentials on to what may reject them; an object that only holds them does not."""
    without = thrown_away(program, function) | put_into_records(program, function)
    return hands_on(function, without=without, program=program)


def _handler_tests(program: Program, route: Route, guards: list[Node]) -> bool:
    """Whether the handler hands on what the dependencies gave it that ask for credentials."""
    names = [node.parameter for node in guards if node.parameter and not keeps_unread(node)]
    handler = route.function
    if handler is None or not names or takes_names_only(handler, guards):
        return False
    return hands_on(handler, names, thrown_away(program, handler), program)


def _schemes(node: Node) -> list[Node]:
    return [inner for inner in node.walk() if is_scheme(inner.call)]


def _of_route(program: Program, routes: list[Route]) -> Finding:
    route = routes[0]
    compared, evidence = comparison(program, route)
    scheme = next((node for top in route.dependencies for node in _schemes(top)), None)
    if scheme is not None and scheme.written is not None:
        said = "the scheme takes the text out of the request and checks nothing"
        evidence.insert(0, Evidence(scheme.written.location, said))
    hint = f"{compared}, use that" if compared else "depend on a function that decodes the token and finds its user"
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} lets in everybody who sends any token at all: the scheme reads it and nothing "
        f"validates it; {hint}",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        fix=_fix(program, routes) or asked_as_beside(program, routes) or with_new_guard(program, routes),
        masks=_MASKED,
    )


def _of_view(program: Program, place: Place, routes: list[Route]) -> Finding:
    """The finding about a field of a view that gets the token, and that no method of it reads."""
    return RULE.finding(
        place.location,
        f"the scheme only takes a token out of the request and nothing of this view reads it, so any text opens "
        f"{access.spoken(routes[0])}{_more(routes)}: depend on a function that decodes the token and finds its user",
        symbol=access.symbol(routes[0]),
        route=access.key(routes[0]) if len(routes) == 1 else None,
        evidence=_relying(routes),
        fix=_fix(program, routes) or with_new_guard(program, routes),
        masks=_MASKED,
    )


def _relying(routes: list[Route]) -> list[Evidence]:
    return [
        Evidence(route.place.location, f"{access.spoken(route)} relies on it")
        for route in routes[:_SHOWN]
        if route.place is not None
    ]


def _more(routes: list[Route]) -> str:
    more = len(routes) - 1
    return f" and {more} more route{'s' if more > 1 else ''}" if more else ""


def _of_dependency(function: Function, routes: list[Route], fix: Fix | None) -> Finding:
    name = function.qualname if function.owner is not None else function.name
    return RULE.finding(
        function.place.location,
        f"{name} takes a token and validates nothing, so any text opens {access.spoken(routes[0])}{_more(routes)}: "
        "decode the token, find its user and raise 401 otherwise",
        symbol=function.dotted,
        route=access.key(routes[0]) if len(routes) == 1 else None,
        evidence=_relying(routes),
        fix=fix,
        masks=_MASKED,
    )


def _tested(program: Program, function: Function) -> Fix | None:
    """The token decoded in the dependency itself, unless that says what its tokens look like."""
    return None if looks_at_shape(function) else tested_in(program, function)


def _fix(program: Program, routes: list[Route]) -> Fix | None:
    """The project's own guard on each decorator or call that registers the handlers."""
    return instead_of_schemes(program, routes, any(access.is_admin_like(route.path) for route in routes))
