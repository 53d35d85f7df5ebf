"""How a project authenticates elsewhere: whether it does at all, and the guarded route that shows how."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import running
from fastapi_seclint.program.context_requests import reads_any_variable
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.routers import Router
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import Evidence
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.entrances import is_login_form
from fastapi_seclint.subjects.guards.fronted import is_told
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.logins.sent import takes_password
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.rights.reached import injected, reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.modules import Module

_SCHEMES = tuple(
    f"fastapi.security.{module}.{name}"
    for module, names in {
        "oauth2": ("OAuth2", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer"),
        "http": ("HTTPBasic", "HTTPBearer", "HTTPDigest"),
        "api_key": ("APIKeyHeader", "APIKeyCookie", "APIKeyQuery"),
        "open_id_connect_url": ("OpenIdConnect",),
    }.items()
    for name in names
)


def asks_callers(program: Program, app: Router) -> bool:
    """Whether an application is one that authenticates its callers, so that an open route stands out.

    It does when one of its routes is guarded or asks for credentials, or when another application in the same file
    does; where no application of the project asks anybody, when the project has a security scheme all the same, or a
    login: what it hands out is for nothing then.
    """
    asking = _asking_apps(program)
    if not asking:
        return _has_idle_scheme(program) or _has_login(program, app)
    return any(other is app or other.place.module is app.place.module for other in asking)


UNAUTHORIZED = (b",401]", b"UNAUTHORIZED", b"Unauthorized", b"NotAuthenticated")
"""How the body of a function says that it answers 401."""
FORBIDDEN = (b",403]", b"FORBIDDEN", b"Forbidden")


@lru_cache(maxsize=1)
def _asking_apps(program: Program) -> list[Router]:
    """The applications one of whose routes has a guard, or several of whose handlers refuse strangers themselves.

    One handler of many that asks for what comes with its own request says nothing of the others.
    """
    found: dict[int, Router] = {}
    alone = Counter[int]()
    for route in program.routes:
        if id(route.app) in found:
            continue
        if is_told(route) and not any(is_scheme(node.call) for node in route.nodes()):
            continue  # a proxy has asked, for all routes alike
        alone[id(route.app)] += _asks_by_itself(program, route)
        if _has_guard(program, route) or alone[id(route.app)] >= _SEVERAL:
            found[id(route.app)] = route.app
    of_all = Counter(id(route.app) for route in program.routes if route.kind == "http")
    for route in program.routes:
        if alone[id(route.app)] and of_all[id(route.app)] <= _MANY:
            found.setdefault(id(route.app), route.app)
    return list(found.values())


_SEVERAL, _MANY = 2, 10
"""So many handlers that ask by themselves are a habit; among so many routes at least one of them is no exception."""


def _has_guard(program: Program, route: Route) -> bool:
    """Whether something on a route's way before its handler asks who is calling."""
    meetings = program.guarding(route).meetings
    refusing = _refusing(program, route)
    if any(name != route.name or refusing_decorators(program, route) for name in refusing):
        return True
    if any(is_scheme(node.call) for node in route.nodes()) or guards(program, route):
        return True
    if any(meeting.configured and meeting.name != route.name for meeting in meetings) or _has_switched_guard(route):
        return True
    taking = {meeting.name for meeting in meetings if meeting.optional}
    return bool(taking) and _asks_an_object(program, route, taking)


def _asks_by_itself(program: Program, route: Route) -> bool:
    """Whether a handler itself finds out who is calling, and refuses strangers."""
    handler = route.function if route.name in _refusing(program, route) else None
    if handler is None:
        return False
    if _asks_a_helper(program, route) or _asks_state(handler) or injected(program, handler):
        return True
    return reads_any_variable(program.interpreter, handler)


def _refusing(program: Program, route: Route) -> list[str]:
    return [one.name for one in program.guarding(route).meetings if one.junk == "denies" and not one.blind]


def _has_switched_guard(route: Route) -> bool:
    """Whether a dependency that gives its route nothing answers 401 to some: a guard, off until somebody sets it up."""
    for node in route.dependencies:
        function = node.function
        if node.parameter or function is None or _NO_CALLERS.search(node.name):
            continue
        if any(function.module.facts.body_mentions(function.number, word) for word in UNAUTHORIZED):
            return True
    return False


_NO_CALLERS = re.compile(r"sign(ature|ed)|hook|hmac|captcha|csrf|digest", re.I)


def _asks_state(handler: Function) -> bool:
    """Whether a handler that refuses strangers looks at what a middleware has left in the request's state."""
    return any(form[2][0] == "attr" and form[2][3] == "state" for form in handler.forms.of("attr"))


def _asks_a_helper(program: Program, route: Route) -> bool:
    """Whether a handler asks a function that finds out who is calling, `member_or_401(request)`.

    One that is given nothing asks what a middleware has put into a context variable.
    """
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    for call in handler.forms.of("call") if handler is not None and block is not None else ():
        kept = (found for found, _ in called(program, block, call) if not found.parameters) if block is not None else ()
        handed = (found for found, _ in handed_to(program, block, call, {"request"})) if block is not None else ()
        for function in (*handed, *kept):
            if _NO_CALLERS.search(function.name):
                continue
            if not function.parameters and reads_any_variable(program.interpreter, function):
                return True
            if any(function.module.facts.body_mentions(function.number, word) for word in UNAUTHORIZED):
                return True
    return False


def _asks_an_object(program: Program, route: Route, taking: set[str]) -> bool:
    """Whether a handler asks what a dependency made of the credentials, and that answers 401: `rules.assert_user()`."""
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    made = {node.parameter for node in route.dependencies if node.parameter and node.name in taking}
    for call in handler.forms.of("call") if handler is not None and block is not None else ():
        match call[2]:
            case ["attr", _, ["name", _, name], _] if name in made and block is not None:
                asked = (inner for one, _ in called(program, block, call) for inner in reached(program, one, 2))
                if any(one.module.facts.body_mentions(one.number, word) for one in asked for word in UNAUTHORIZED):
                    return True
    return False


def refusing_decorators(program: Program, route: Route) -> list[Function]:
    """The project's own decorators that answer 401 or 403 around a handler, as `@login_required` does.

    One that asks `request.user.is_authenticated` may send strangers to the login instead.
    """
    words = (*UNAUTHORIZED, *FORBIDDEN, b'"is_authenticated"')
    return [
        decorator
        for decorator, _ in wrapping_decorators(route)
        if isinstance(decorator, Function)
        and any(
            inner.module.facts.body_mentions(inner.number, word)
            for inner in reached(program, decorator, 2)
            for word in words
        )
    ]


def is_scheme(value: object) -> bool:
    """Whether a dependency is a security scheme of FastAPI itself."""
    return isinstance(value, External) and value.name.startswith("fastapi.security.") and not is_login_form(value)


@lru_cache(maxsize=1)
def _has_idle_scheme(program: Program) -> bool:
    """Whether a module of the project, tests aside, makes a security scheme, which none of its routes uses.

    One that a function makes serves that function: it may read a token where nobody speaks of routes.
    """
    calls = program.sites.calls(*_SCHEMES)
    return any(call.block.function is None and not program.is_test(call.block.module) for call in calls)


def _has_login(program: Program, app: Router) -> bool:
    """Whether people log in to an application with a password."""
    logins = (route for route, purpose in auth_routes(program) if purpose == "login" and route.app is app)
    return any(takes_password(program, route) for route in logins)


def guarded_elsewhere(program: Program, route: Route) -> bool:
    """Whether the same handler is guarded in an application of another file.

    Then this application is one that a script builds, to write the API's description say, and that nobody calls.
    """
    return any(module is not route.app.place.module for module in _guarding_files(program).get(route.name, ()))


@lru_cache(maxsize=1)
def _guarding_files(program: Program) -> dict[str, list[Module]]:
    """The files whose applications guard a handler, by the handler's name."""
    found: dict[str, list[Module]] = {}
    for route in program.routes:
        if route.function is not None and program.guarding(route).protection == "protected":
            found.setdefault(route.name, []).append(route.app.place.module)
    return found


def guarded_relative(program: Program, route: Route) -> Route | None:
    """A protected route to compare with: on the same path, else of the same router, else of the same application.

    Among several, one with the guard that most of them have, and then the one whose path is most alike.
    """
    named = _guarded_routes(program)
    for same in (
        [other for other, _ in named if other.app is route.app and other.path == route.path],
        [other for other, _ in named if other.app is route.app and other.router is route.router],
        [other for other, _ in named if other.app is route.app],
    ):
        if same:
            guards = {id(other): guard for other, guard in named}
            usual = Counter(guards[id(other)] for other in same).most_common(1)[0][0]
            usually = [other for other in same if guards[id(other)] == usual]
            return min(usually, key=lambda other: (-_alike(other, route), other.path, other.methods))
    return None


def _alike(one: Route, other: Route) -> int:
    return len(posixpath.commonprefix([one.path.split("/"), other.path.split("/")]))


@lru_cache(maxsize=1)
def _guarded_routes(program: Program) -> list[tuple[Route, str]]:
    """The protected routes that a dependency guards, each with that dependency's name."""
    protected = [route for route in program.routes if program.guarding(route).protection == "protected"]
    return [(route, guard) for route in protected if (guard := _guard(program, route))]


def _guard(program: Program, route: Route) -> str:
    """The name of the dependency that authenticates a route, or an empty string when something else does."""
    names = {node.name for node in route.nodes()}
    return next((name for name in program.guarding(route).guards.authentication if name in names), "")


def comparison(program: Program, route: Route) -> tuple[str, list[Evidence]]:
    """How the project guards its other routes, as half a sentence and as evidence."""
    other = guarded_relative(program, route)
    if other is None or other.place is None:
        return "", []
    guard = _guard(program, other)
    name = guard.rpartition(".")[2] or guard
    evidence = [Evidence(other.place.location, f"{access.spoken(other)} is guarded by {name}")]
    node = next((node for node in other.nodes() if node.name == guard), None)
    function = running(node.call) if node is not None else None
    if function is not None:
        evidence.append(Evidence(function.place.location, f"{name} authenticates here"))
    return f"{access.spoken(other)} is guarded by {name}", evidence
