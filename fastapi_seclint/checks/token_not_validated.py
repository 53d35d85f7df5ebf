"""FSL506: a token is asked for and never looked at: the security scheme is all that guards the route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks import _access as access
from fastapi_seclint.checks._authentication import comparison
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import Evidence, Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL506",
    name="token-not-validated",
    summary="a route asks for a token and accepts any text as one",
    severity="critical",
    cwe=(287, 345),
    owasp=("API2",),
    guide="4",
)


@RULE.check
def token_not_validated(program: Program) -> Iterator[Finding]:
    """A finding on the route's `def`, or on the dependency that should have validated the token, once for all routes."""
    through: dict[int, tuple[Function, list[Route]]] = {}
    direct: dict[object, Route] = {}
    for route in program.routes:
        guard = _scheme_alone(program, route)
        if guard is None:
            continue
        function = _unvalidating(guard)
        if function is None:
            direct.setdefault(route.place, route)
        else:
            through.setdefault(id(function), (function, []))[1].append(route)
    for route in direct.values():
        yield _of_route(program, route)
    for function, routes in through.values():
        yield _of_dependency(function, routes)


def _scheme_alone(program: Program, route: Route) -> Node | None:
    """The dependency that asks for credentials, when nothing on the route's way ever tests them."""
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return None
    if "logout" in route.path.lower():
        return None
    guarding = program.guarding(route)
    if guarding.protection != "open":
        return None
    asking = [meeting for meeting in guarding.meetings if meeting.missing == "denies"]
    if not asking or any(meeting.used and not meeting.scheme for meeting in guarding.meetings):
        return None
    for node in route.dependencies:
        if node.name == asking[0].name:
            return node
    return None


def _unvalidating(node: Node) -> Function | None:
    """The project function between the scheme and the route, which should have validated the token."""
    return node.function if _schemes(node) and node.function is not None and node.children else None


def _schemes(node: Node) -> list[Node]:
    return [inner for inner in node.walk() if isinstance(inner.call, External) and inner.call.name.startswith("fastapi.security.")]


def _of_route(program: Program, route: Route) -> Finding:
    compared, evidence = comparison(program, route)
    scheme = next((node for top in route.dependencies for node in _schemes(top)), None)
    if scheme is not None and scheme.written is not None:
        evidence.insert(0, Evidence(scheme.written.location, "the scheme takes the text out of the request and checks nothing"))
    hint = f"; {compared}, use that" if compared else "; depend on a function that decodes the token and finds its user"
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} lets in everybody who sends any token at all: the scheme reads it and nothing validates it{hint}",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        masks=("unprotected-route", "missing-authorization", "missing-ownership-check"),
    )


def _of_dependency(function: Function, routes: list[Route]) -> Finding:
    evidence = [
        Evidence(route.place.location, f"{access.spoken(route)} relies on it") for route in routes[:20] if route.place is not None
    ]
    count = len(routes)
    return RULE.finding(
        function.place.location,
        f"{function.name} takes a token and validates nothing, so any text opens {access.spoken(routes[0])}"
        f"{f' and {count - 1} more routes' if count > 1 else ''}: decode the token, find its user and raise 401 otherwise",
        symbol=function.dotted,
        route=access.key(routes[0]),
        evidence=evidence,
        masks=("unprotected-route", "missing-authorization"),
    )
