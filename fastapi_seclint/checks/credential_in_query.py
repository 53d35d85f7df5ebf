"""FSL405: a password, token or secret travels in the URL, where logs, histories and other sites read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Class, External, Function, Generic, Value, options
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.leaks.query import query_alias, query_fields, query_name
from fastapi_seclint.subjects.leaks.query_fixes import moved, moved_model, moved_to_header
from fastapi_seclint.subjects.leaks.raw_query import only_there, raw_reads
from fastapi_seclint.subjects.leaks.used_as import UNSAID, used_as
from fastapi_seclint.subjects.logins.purposes import Purpose
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.logins.sent import spoken
from fastapi_seclint.subjects.passwords.names import FOREIGN

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL405",
    name="credential-in-query",
    summary="a password or token travels in the URL and ends up in logs and histories",
    severity="high",
    cwe=(598,),
    owasp=("API2",),
    guide="3",
    fixable="unsafe",
)

_PASSWORD = re.compile(
    r"^((user|plain|raw|new|old|current|my|login|account|admin|confirm|repeat|master|vault|root|owner|member|customer"
    r"|staff|client|temporary|temp|initial|original|existing|hashed|hash)_)*(password|passwd|passphrase|passcode|pass_code|pwd)"
    r"(_\d|\d|_confirm|_confirmation|_repeat|_again|_hash)?$"
    rf"|^((nouveau|ancien|neues|altes|nueva|nova|nuova)_)?{FOREIGN}$"
)
_SECRET = re.compile(
    r"^((client|app|shared|my|user|admin|totp|cron|internal|service|jobs?)_)?(secret|secret_key|private_key)$"
    r"|^([a-z]+_)?conn(ection)?_?str(ing)?$"  # the account and its key are parts of it
)
_TOKEN = re.compile(
    r"^((access|refresh|auth|jwt|bearer|id|session|user|api|admin|login|enc|encoded|signed|cron|internal|service|secret|scheduler)_)?(token|jwt)$|^jeton$|^(x_)?(api|access)_?key$"
    r"|^(?!(has|have|is|use|with|no|need|needs|include|return|show|require|check|max|min|num)_)[a-z]+_(access|refresh|bearer)_token$"
    r"|^(?!(has|have|is|use|using|with|no|need|needs|include|return|show|hide|require|check|create|delete|revoke|masked|public|publishable)_)"
    r"([a-z0-9]+_){1,3}api_?key$"
)
_ONE_TIME_CODE = re.compile(
    r"^((user|email|phone|sms|login)_)?(otp|totp|(otp|totp|mfa|two_factor|2fa)_code|pin(_code)?|one_time_(password|code))$"
)
_CODE = re.compile(r"^((verification|confirmation|login|reset|sms|email)_)?code$")
_ACCOUNT = re.compile(r"^((user|phone)_?)?(id|name|email|mail|phone|number)$|^username$")
_GUESSED = ("login", "code check", "password reset")
"""Routes where a code of some digits is the credential, whatever else it may be called elsewhere."""
_ONE_TIME = re.compile(
    r"(^|_)(verify|verification|verified|confirm|confirmation|(re)?activate|(re)?activation|invite|invites|invitation|invitations|accept|join"
    r"|unsubscribe|subscribe|download|downloads|file|files|stream|preview|share|shared|magic|magic_link|email|mail|hooks?|webhooks?"
    r"|captcha|callback|media|image|images|avatar|exports?|zip|reset|reset_password|password_reset|recover|oauth2?|sso|connect|ws|sse|events"
    r"|approve|decline|feed|rss|calendar|ical|proxy)(_|$)"
)
"""Where a link that is mailed or embedded carries a token of its own: there is no other place for it."""


@RULE.check
def credential_in_query(program: Program) -> Iterator[Finding]:
    """One finding a parameter, at the parameter, the dependencies' own included."""
    seen: set[Location] = set()
    for route in program.routes:
        if route.kind != "http" or route.endpoint is None or route.place is None or program.is_test(route.place.module):
            continue
        for value, symbol in _callables(route):
            for parameter in _signature(program, value):
                location = parameter.place.location
                function = running(value)
                if location not in seen and (kind := _credential(program, route, parameter, function)):
                    seen.add(location)
                    fix = moved(program, route, parameter) if value is route.endpoint else None
                    fix = moved_model(program, route, value) if isinstance(value, Class) else fix
                    bodyless = value is not route.endpoint or _is_bodyless(route)
                    if fix is None and function is not None and bodyless and _kind(spoken(parameter.name)):
                        fix = moved_to_header(function, parameter)
                    yield _finding(program, route, parameter, kind, symbol, fix)
    yield from _by_hand(program)


def _by_hand(program: Program) -> Iterator[Finding]:
    """What code reads of the query itself: passwords and secrets anywhere, tokens in handlers.

    A guard that also takes a token from the query does so for links and streams, which have no headers; one that takes
    it nowhere else is found for the routes that are neither.
    """
    for read in raw_reads(program):
        kind = _kind(spoken(read.name))
        handled = [route for route in read.routes if route.function is read.block.function and not _is_link(route)]
        guarded = [route for route in read.routes if not _is_link(route)] if only_there(read) else []
        if not kind or (kind in ("token", "key") and not (handled or guarded)):
            continue
        yield RULE.finding(
            read.block.location(read.form),
            f"`{read.name}` is read from the query, so the {kind} ends up in access logs and browser histories: "
            "take it from a form, the body, a header or a cookie",
            confidence="high" if kind == "password" else "medium",
            symbol=read.block.symbol,
            route=access.key(read.routes[0]) if read.routes else None,
        )


def _is_bodyless(route: Route) -> bool:
    return not set(route.methods) & {"POST", "PUT", "PATCH"}


def _callables(route: Route) -> Iterator[tuple[Value, str]]:
    """What FastAPI reads the parameters of: the handler and its dependencies."""
    if route.endpoint is not None:
        yield route.endpoint, access.symbol(route)
    for node in route.nodes(alternatives=False):
        if isinstance(node.call, Class) or node.function is not None:
            yield node.call, node.name


def _signature(program: Program, value: Value) -> list[Parameter]:
    function = running(value)
    module = function.module if function is not None else value.module if isinstance(value, Class) else None
    return [] if module is None or program.is_test(module) else parameters(value)


def _credential(program: Program, route: Route, parameter: Parameter, function: Function | None) -> str:
    """What a parameter of a function gives away in the URL, or an empty string."""
    if parameter.name in path_variables(route.path):
        return ""
    names = [parameter.name, query_alias(program, parameter), *query_fields(program, parameter), _type_name(parameter)]
    if UNSAID.match(parameter.name) and function is not None and function.number >= 0:
        names += used_as(program, function, parameter.name)
    kinds = [kind for name in names if (kind := _kind(spoken(name)))]
    kind = kinds[0] if kinds else ""
    if not kind and _is_one_time(route, spoken(parameter.name)) and _purpose(program, route) in _GUESSED:
        kind = "one-time password"
    if not kind or (kind in ("token", "key") and _is_link(route)):
        return ""
    aside = _names_several(program, parameter) or _is_switch(program, parameter)
    return kind if query_name(program, parameter) and not aside else ""


def _declared(program: Program, parameter: Parameter) -> Iterator[Location]:
    """The fields of a model that is taken from the query which carry a credential."""
    named = [name for name in query_fields(program, parameter) if _kind(spoken(name))]
    base = program.walker.resolver.type_of(parameter) if named else None
    if isinstance(base, Class):
        annotations = [annotation for name, annotation, _ in base.fields if name in named and annotation is not None]
        yield from (Location(base.module.path, span_of(annotation[1])) for annotation in annotations)


def _type_name(parameter: Parameter) -> str:
    """What the type of a parameter is called, `Password` or `AccessToken`; a SecretStr is a secret by itself."""
    annotation = parameter.annotation
    name = str(annotation[-1]) if annotation is not None and annotation[0] in ("name", "attr") else ""
    return "secret" if name == "SecretStr" else name if name[:1].isupper() else ""


def _is_switch(program: Program, parameter: Parameter) -> bool:
    """Whether a parameter says yes or no to something secret: `secret: bool = False`."""
    base = program.walker.resolver.type_of(parameter)
    return any(isinstance(item, External) and item.name == "builtins.bool" for item in options(base))


def _names_several(program: Program, parameter: Parameter) -> bool:
    """Whether a list says which secrets are meant: `secrets: list[str] = Query(None)`."""
    base = program.walker.resolver.type_of(parameter)
    several = (isinstance(item, Generic) and item.origin.endswith(("list", "List")) for item in options(base))
    return spoken(parameter.name).endswith("secrets") and any(several)


def _is_one_time(route: Route, name: str) -> bool:
    """Whether a name is that of a one-time password; a plain `code` is one where it comes with whom it is for."""
    if _ONE_TIME_CODE.match(name):
        return True
    others = parameters(route.endpoint) if route.endpoint is not None else []
    return bool(_CODE.match(name)) and not _is_bodyless(route) and any(_ACCOUNT.match(item.name) for item in others)


def _purpose(program: Program, route: Route) -> Purpose | None:
    return next((purpose for one, purpose in auth_routes(program) if one is route), None)


@lru_cache(maxsize=16_384)
def _kind(name: str) -> str:
    """What a parameter of a name carries, or an empty string."""
    if _PASSWORD.match(name):
        return "password"
    if _SECRET.match(name):
        return "secret"
    if _TOKEN.match(name):
        return "key" if name.endswith("key") else "token"
    return ""


def _is_link(route: Route) -> bool:
    """Whether a route is called by a link with a token of its own."""
    words = [spoken(part) for part in access.segments(route.path)]
    name = spoken(route.function.name) if route.function is not None else ""
    return "GET" in route.methods and any(_ONE_TIME.search(word) for word in (*words[-3:], name))


def _finding(program: Program, route: Route, parameter: Parameter, kind: str, symbol: str, fix: Fix | None) -> Finding:
    evidence = [Evidence(place, f"the {kind} is a field here") for place in _declared(program, parameter)]
    if route.place is not None and symbol != access.symbol(route):
        evidence.append(Evidence(route.place.location, f"{access.spoken(route)} takes it"))
    confidence: Confidence = "high" if kind == "password" or "GET" not in route.methods else "medium"
    return RULE.finding(
        parameter.place.location,
        f"`{parameter.name}` is a query parameter of {access.spoken(route)}, so the {kind} ends up in access logs "
        "and browser histories: take it from a form, the body, a header or a cookie",
        confidence=confidence,
        symbol=symbol,
        route=access.key(route),
        evidence=evidence,
        fix=fix,
    )
