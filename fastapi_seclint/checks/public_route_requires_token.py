"""FSL508: a route is meant for visitors, too, and its security scheme sends them away before the code is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import Parameter
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.fastapi_users import always_finds
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import is_built_on_scheme
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import (
    Const,
    External,
    Function,
    Generic,
    Instance,
    Value,
    bare_type,
    constant,
    options,
)
from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.authentication import is_scheme
from fastapi_seclint.subjects.guards.optional_schemes import goes_on_without, made_optional, takes_none
from fastapi_seclint.subjects.guards.probes import calls_itself_public
from fastapi_seclint.subjects.guards.visitor_guards import for_visitors
from fastapi_seclint.subjects.owners.identity import known_as
from fastapi_seclint.subjects.wiring.dependencies import Consumer, wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL508",
    name="public-route-requires-token",
    summary="visitors are sent away from a route that is meant for them",
    severity="low",
    cwe=(284,),
    owasp=("API8",),
    guide="10",
    fixable="safe",
)

_CALLERS = frozenset({"user", "account", "member", "customer", "caller", "principal", "identity", "auth", "login"})

_SCHEME = ("scheme", "give the scheme `auto_error=False`")


@RULE.check
def public_route_requires_token(program: Program) -> Iterator[Finding]:
    """A finding on the handler or dependency whose token may be missing by its own words, but never is."""
    seen: set[Location] = set()
    optional = list(_optional_consumers(program))
    public = [route for route in program.routes if sends_visitors_away(program, route)]
    meant = {id(consumer.function) for consumer, _ in optional if _may_go_on(program, consumer)}
    meant |= {id(route.function) for route in public if _may_be_visited(route)}
    for consumer, scheme in optional:
        yield from _once(_optional(program, consumer, scheme, meant), seen)
    for route in public:
        yield from _once(_public(program, route, meant), seen)
    for consumer, scheme in _optional_behind(program):
        yield from _once(_optional(program, consumer, scheme, set()), seen)
    for consumer, own in _optional_of_own(program):
        yield from _once(_optional(program, consumer, own, set()), seen)


def meant_for_visitors(program: Program, function: Function) -> bool:
    """Whether a function says by its own code that there may be no token, while its scheme demands one."""
    return any(consumer.function is function for consumer, _ in _optional_consumers(program))


@answered_once
def sent_away(program: Program) -> frozenset[int]:
    """The identities of functions that would do without a caller, if their guard let visitors come to them."""
    return frozenset(id(consumer.function) for consumer, _ in _optional_of_own(program))


def _optional_consumers(program: Program) -> Iterator[tuple[Consumer, External]]:
    for consumer in wiring(program).consumers:
        if program.is_test(consumer.function.module):
            continue
        scheme = _demanding(program, consumer.parameter)
        if scheme is not None and _may_be_missing(program, consumer.parameter, consumer.function):
            yield consumer, scheme


def _optional_behind(program: Program) -> Iterator[tuple[Consumer, External]]:
    """Functions that give nobody for a visitor by name and type, behind a dependency whose scheme sends him away.

    `optional_user(claims=Depends(claims_of_token))` never runs for him, whatever it catches.
    """
    for consumer in wiring(program).consumers:
        function = consumer.function
        named = set(words_of(known_as(function)))
        if not ("optional" in named and named & _CALLERS) or program.is_test(function.module):
            continue
        if not _gives_nobody(function):
            continue
        for node in program.walker.resolver.of_callable(function):
            if node.parameter == consumer.parameter.name and not is_scheme(node.call):
                schemes = (inner.call for inner in node.walk() if is_scheme(inner.call) and _raises(inner.call))
                yield from ((consumer, scheme) for scheme in schemes if isinstance(scheme, External))


def _optional_of_own(program: Program) -> Iterator[tuple[Consumer, Instance | Function | External]]:
    """The same behind an object of a class of the project's own that is built on a scheme and raises for visitors.

    Or behind a guard, of the project or of fastapi-users: `user: User | None = Depends(get_current_user)`.
    """
    for consumer in wiring(program).consumers:
        found = program.walker.resolver.dependency_of(consumer.parameter)
        for own in options(found[1]) if found is not None and not program.is_test(consumer.function.module) else ():
            if isinstance(own, External) and always_finds(own):
                if _may_be_missing(program, consumer.parameter, consumer.function):
                    yield consumer, own
                continue
            if not (isinstance(own, Function) or (isinstance(own, Instance) and is_built_on_scheme(own))):
                continue
            if isinstance(own, Function) and not _always_finds(program, own):
                continue
            answer = program.guard_model.dependencies.encounter(own, Stranger(False))
            refused = verdict(answer) == "denies" and not answer.opaque
            if refused and _may_be_missing(program, consumer.parameter, consumer.function):
                yield consumer, own


def _always_finds(program: Program, guard: Function) -> bool:
    """Whether a guard authenticates and says nowhere that it may have nobody to give, where it is told itself."""
    told = "optional" in words_of(known_as(guard)) or _says_none(guard) or _gives_nobody(guard)
    return not told and program.guard_model.authenticates(guard)


def _says_none(function: Function) -> bool:
    """Whether a function may return None by its annotation, so that whoever takes what it gives writes that, too."""
    forms = walk(function.returns) if function.returns is not None else ()
    return any((form[0] == "const" and form[2] is None) or form[-1] == "Optional" for form in forms)


def _gives_nobody(function: Function) -> bool:
    """Whether a function returns None as well by its annotation, or without any, and does so somewhere."""
    told = function.returns is None or _says_none(function)
    given = (form[2] for form in function.forms.of("return") if form[2] is not None)
    return told and any(form[0] == "const" and form[2] is None for value in given for form in walk(value))


def _may_go_on(program: Program, consumer: Consumer) -> bool:
    return goes_on_without(program, consumer.function, consumer.route)


def _may_be_visited(route: Route) -> bool:
    node = _alone(route)
    return node is not None and takes_none(route, node.parameter)


def sends_visitors_away(program: Program, route: Route) -> bool:
    """Whether a route calls itself public and has a scheme that raises, with nothing that looks at the token."""
    if route.kind != "http" or route.place is None or not calls_itself_public(route):
        return False
    node = _alone(route)
    if node is None:
        return False
    tested = route.function is not None and node.parameter and _tests(route.function, node.parameter)
    return bool(tested) or program.guarding(route).protection != "protected"


def _once(finding: Finding, seen: set[Location]) -> Iterator[Finding]:
    if finding.location not in seen:
        seen.add(finding.location)
        yield finding


def _alone(route: Route) -> Node | None:
    return next((node for node in route.dependencies if is_scheme(node.call) and _raises(node.call)), None)


def _raises(scheme: object) -> bool:
    """Whether a scheme raises for a request without credentials: `auto_error` is on unless it is switched off."""
    if not isinstance(scheme, External) or scheme.arguments is None:
        return False
    given = scheme.arguments.get("auto_error")
    return given is None or constant(given) is True


def _demanding(program: Program, parameter: Parameter) -> External | None:
    found = program.walker.resolver.dependency_of(parameter)
    value = found[1] if found is not None else None
    return value if isinstance(value, External) and is_scheme(value) and _raises(value) else None


def _may_be_missing(program: Program, parameter: Parameter, function: Function) -> bool:
    """Whether the code says that there may be no token: an optional type, and a test for it."""
    annotation = parameter.annotation
    optional = annotation is not None and any(
        (form[0] == "const" and form[2] is None) or (form[0] in ("name", "attr") and form[-1] == "Optional")
        for form in walk(annotation)
    )
    optional = optional or _is_optional(program.walker.resolver.annotation(parameter))
    return (optional or "optional" in known_as(function).lower()) and _tests(function, parameter.name)


def _is_optional(annotation: Value | None) -> bool:
    """Whether an annotation, an alias followed, lets None through: `Sent = Annotated[Credentials | None, ...]`."""
    base = bare_type(annotation)
    members = [one for option in options(base) for one in (option.members if isinstance(option, Generic) else ())]
    optional = any(isinstance(option, Generic) and option.origin.endswith("Optional") for option in options(base))
    return optional or any(isinstance(one, Const) and one.value is None for one in members)


def _tests(function: Function, name: str) -> bool:
    """Whether a function asks if the token is there, and goes on without one."""
    for form in function.forms.every:
        test = form[2] if form[0] in ("if", "ifexp") else None
        if test is not None and mentions(test, {name}):
            if form[0] == "if" and _asks_presence(test, name):
                refused = [*form[4], *(item for item in function.statements() if item[0] == "raise")]
            else:
                refused = form[3]
            return form[0] == "ifexp" or not any(_refuses(item) for item in refused)
    asked = [form for form in function.forms.of("bool") if form[2] == "and" and _asks_presence(form[3][0], name)]
    return any(mentions(form[3][1:], {name}) for form in asked)


def _asks_presence(test: Form, name: str) -> bool:
    """Whether a condition is that there is a token: `if token:`, `if token is not None:`."""
    match test:
        case ["name", _, known] | ["compare", _, ["name", _, known], ["is not"], [["const", _, None]]]:
            return bool(known == name)
    return False


def _refuses(statement: Form) -> bool:
    return any(item[0] == "raise" for item in walk([statement]))


def _optional(program: Program, consumer: Consumer, scheme: External | Instance | Function, meant: set[int]) -> Finding:
    kind, also = _SCHEME
    if isinstance(scheme, Function):
        kind, also = "guard", "depend on one that gives None"
    elif isinstance(scheme, External) and always_finds(scheme):
        kind, also = "guard", "ask for one with `optional=True`"
    evidence = [Evidence(scheme.place.location, f"this {kind} raises 401 by itself")] if scheme.place else []
    function = consumer.function
    known = id(function) in meant
    fix = made_optional(program, scheme, function, meant) if known and isinstance(scheme, External) else None
    if isinstance(scheme, Function):
        fix = for_visitors(program, function, consumer.parameter, scheme)
    return RULE.finding(
        function.place.location,
        f"`{consumer.parameter.name}` may be missing as far as this code goes, but the {kind} sends every visitor away "
        f"with 401 before that: {also}",
        symbol=function.dotted,
        evidence=evidence,
        fix=fix,
    )


def _public(program: Program, route: Route, meant: set[int]) -> Finding:
    node, handler = _alone(route), route.function
    scheme = node.call if node is not None and isinstance(node.call, External) else None
    place = scheme.place if scheme is not None else None
    evidence = [Evidence(place.location, "this scheme raises 401 by itself")] if place is not None else []
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} is public by its name, but the scheme sends every visitor away with 401: "
        "use one with `auto_error=False`, and test whether there is a token",
        symbol=access.symbol(route),
        route=access.key(route),
        confidence="medium",
        evidence=evidence,
        fix=made_optional(program, scheme, handler, meant) if scheme and handler and id(handler) in meant else None,
    )
