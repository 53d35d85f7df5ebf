"""What the rules about access share: which routes are meant to be public, which matter, how to speak of a route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.dependencies import parameters, running
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Annotated, Class, External, Function, Instance, options
from fastapi_seclint.rule import Evidence

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_ENTRANCE = re.compile(
    r"^(log[-_]?in|log[-_]?out|sign[-_]?(in|up|out)|register|registration|auth|oauth2?|oidc|sso|saml|authorize|authenticate|callback"
    r"|token|tokens|access[-_]?token|refresh([-_]token)?|password([-_].*)?|(forgot|reset|recover|change)([-_]?password)?|.*[-_]password"
    r"|verify([-_].*)?|verification|activate|activation|confirm([-_].*)?|resend([-_].*)?|magic[-_]?link|otp|mfa|2fa|captcha|csrf"
    r"|device|device[-_](auth|authorization|code|init)|exchange|notify|session|sessions|invite|invites|invitation|invitations|join|accept|webhook|webhooks|hook|hooks|setup|onboarding|first[-_].*)$",
    re.I,
)
_SURE_ENTRANCE = re.compile(r"^(log[-_]?in|sign[-_]?(in|up)|register|registration|mfa|2fa|otp|totp|captcha|oauth2?|oidc|sso|saml)$", re.I)
_DEVELOPMENT = re.compile(r"(^|_)(dev|development|debug|local|test|testing|e2e|mock|demo|sandbox)(_|$)", re.I)
_PROBE = re.compile(
    r"^(health([-_]?checks?)?|healthz|livez|readyz|ready|live|liveness|readiness|ping|heartbeat|metrics|status|version|info|docs|redoc"
    r"|openapi\.json|robots\.txt|favicon\.ico|manifest\.json|static|assets|public|contact|feedback|subscribe|unsubscribe|newsletter"
    r"|telemetry|analytics|track|events?|csp-report)$",
    re.I,
)
_ADMIN = re.compile(r"(^|[-_/. ])(admins?|administration|administrator|superusers?|back[-_]?office|internal|management|moderation|root|debug)($|[-_/. ])", re.I)
_PERSONAL = frozenset(
    {"email", "phone", "phone_number", "address", "ssn", "date_of_birth", "birthday", "iban", "credit_card", "salary",
     "hashed_password", "password_hash", "password", "api_key", "access_token", "ip_address", "balance", "medical_record"}
)  # fmt: skip
_READS = re.compile(r"(search|query|filter|find|lookup|list|count|preview|validate|check|calculate|estimate|compute|export)", re.I)


def segments(path: str) -> list[str]:
    """The fixed segments of a route's path."""
    return [part for part in path.split("/") if part and not part.startswith("{")]


def is_entrance(program: Program, route: Route) -> bool:
    """Whether a route is how people get in: login, registration, tokens, passwords, links from mail, call-backs.

    It cannot ask for what it hands out. Its own rules look at it (guide sections 3, 9, 10).
    """
    if any(_is_login_form(node.call) for node in route.nodes()) or _takes_password(program, route):
        return True
    found = segments(route.path)
    if any(_SURE_ENTRANCE.match(word) for word in found):
        return True
    if is_admin_like(route.path):
        return False
    handler = route.function
    words = [*found[-2:], *([handler.name] if handler is not None else [])]
    return any(_ENTRANCE.match(word) for word in words[:-1] or words) or _names_entrance(handler)


def _takes_password(program: Program, route: Route) -> bool:
    """Whether a POST takes a new or present password in its body: it registers somebody or lets them in."""
    if "POST" not in route.methods or route.endpoint is None:
        return False
    for parameter in parameters(route.endpoint):
        annotation = program.walker.resolver.annotation(parameter)
        for cls in _classes(annotation.base if isinstance(annotation, Annotated) else annotation):
            for base in cls.lineage():
                if isinstance(base, Class) and any(name in _PASSWORDS for name, _, _ in base.fields):
                    return True
    return False


_PASSWORDS = frozenset({"password", "passwd", "plain_password", "new_password", "password1", "raw_password"})


def is_for_development(route: Route) -> bool:
    """Whether the application has the route only where a setting says development, debugging or tests."""
    for condition in route.conditions:
        for form in walk(condition):
            words = [form[-1]] if form[0] in ("name", "attr", "const") and isinstance(form[-1], str) else []
            if any(_DEVELOPMENT.search(word) for word in words):
                return True
    return False


def _is_login_form(value: object) -> bool:
    return isinstance(value, External) and "OAuth2PasswordRequestForm" in value.name


def _names_entrance(handler: Function | None) -> bool:
    if handler is None:
        return False
    return re.match(r"^(\w+_)?(login|log_in|sign_?in|sign_?up|register|logout|refresh_token|webhook)(_\w+)?$", handler.name) is not None


def is_probe(route: Route) -> bool:
    """Whether a route is for machines and everybody: health, metrics, version, public pages."""
    found = segments(route.path)
    return not found or any(_PROBE.match(part) for part in found[-1:]) or any(part.lower() == "public" for part in found)


def is_admin_like(text: str) -> bool:
    """Whether a path, tag or name speaks of administration."""
    return _ADMIN.search(text) is not None


def changes_state(route: Route) -> bool:
    return bool(CHANGING & set(route.methods))


def only_reads(route: Route) -> bool:
    """Whether a POST is a query in disguise by its name and body: nothing in it stores, deletes or starts anything."""
    if set(route.methods) - {"GET", "HEAD"} != {"POST"}:
        return False
    handler = route.function
    name = handler.name if handler is not None else ""
    return bool(_READS.search(name) or any(_READS.search(part) for part in segments(route.path)[-1:])) and not _acts(handler)


_ACTS = re.compile(r"(^|_)(add|commit|delete|remove|save|create|insert|update|upsert|write|send|publish|enqueue|delay|run|start|execute|put|upload|set|store|flush|merge|append|unlink|pop)(_|$)", re.I)


@cache
def _acts_in(function: Function) -> bool:
    for statement in function.statements():
        for form in walk(statement):
            if form[0] == "call" and form[2][0] in ("attr", "name") and _ACTS.search(str(form[2][-1])):
                return True
    return False


def _acts(handler: Function | None) -> bool:
    return handler is not None and _acts_in(handler)


def acts(route: Route) -> bool:
    """Whether the handler's own body calls something that stores, deletes, sends or starts."""
    return _acts(route.function)


def returns_personal_data(program: Program, route: Route) -> str:
    """The field of a person that a route's response model has, or an empty string."""
    if route.registration is None:
        return ""
    values = [route.registration.arguments.get("response_model")]
    handler = route.function
    if handler is not None and handler.returns is not None:
        values.append(program.interpreter.ask(handler.returns, handler.scope))
    for value in values:
        for option in options(value):
            for cls in _classes(option):
                for base in cls.lineage():
                    fields = base.fields if isinstance(base, Class) else []
                    found = [name for name, _, _ in fields if name in _PERSONAL]
                    if found:
                        return f"{cls.name}.{found[0]}"
    return ""


def _classes(value: object) -> Iterator[Class]:
    if isinstance(value, Class):
        yield value
    elif isinstance(value, Instance) and isinstance(value.cls, Class):
        yield value.cls
    for member in getattr(value, "members", []):
        yield from _classes(member)


def spoken(route: Route) -> str:
    """A route as people say it: `DELETE /users/{id}`."""
    return f"{'/'.join(route.methods) or route.kind.upper()} {route.path}"


def key(route: Route) -> tuple[str, str]:
    """A route's method and path, for reports."""
    return ("/".join(route.methods) or route.kind.upper(), route.path)


def symbol(route: Route) -> str:
    return route.function.dotted if route.function is not None else route.name


def guarded_relative(program: Program, route: Route) -> Route | None:
    """A protected route to compare with: on the same path, else of the same router, else of the same application."""
    protected = [other for other in program.routes if other.app is route.app and program.guarding(other).protection == "protected"]
    for same in (
        [other for other in protected if other.path == route.path],
        [other for other in protected if other.router is route.router],
        protected,
    ):
        named = [other for other in same if _guard(program, other)]
        if named:
            return min(named, key=lambda other: (other.path, other.methods))
    return None


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
    evidence = [Evidence(other.place.location, f"{spoken(other)} is guarded by {name}")]
    node = next((node for node in other.nodes() if node.name == guard), None)
    function = running(node.call) if node is not None else None
    if function is not None:
        evidence.append(Evidence(function.place.location, f"{name} authenticates here"))
    return f"{spoken(other)} is guarded by {name}", evidence


def has_authentication(program: Program) -> bool:
    """Whether the project authenticates: a guard that is a dependency or a middleware, or a security scheme in use."""
    return any(
        meeting.junk == "denies" and meeting.name != route.name
        for route in program.routes
        for meeting in program.guarding(route).meetings
    ) or any(
        isinstance(node.call, External) and node.call.name.startswith("fastapi.security.") and not _is_login_form(node.call)
        for route in program.routes
        for node in route.nodes()
    )
