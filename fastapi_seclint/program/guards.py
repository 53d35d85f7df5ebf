"""What guards a route: its middleware, dependencies, decorators and body, each met by a stranger without credentials and
by one with made-up credentials. Whoever refuses both protects the route; what cannot be looked into makes it unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts import FileFacts
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.anonymous import (
    MAX_FUNCTIONS,
    MAX_FUNCTIONS_OF_A_HANDLER,
    MAX_STATEMENTS,
    MAX_STATEMENTS_OF_A_HANDLER,
    Follower,
)
from fastapi_seclint.program.calls import invoke, method_of
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.dependencies import Node, Parameter, Resolver, dotted_name, parameters, running
from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.kinds import ABSENT, CLEAN, JUNK, PASSED, REQUEST, TOKENS, Kinds
from fastapi_seclint.program.modules import blocks
from fastapi_seclint.program.routers import Layer, Router
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.table import Guards, Protection
from fastapi_seclint.program.values import (
    Annotated,
    Arguments,
    Bound,
    Class,
    Const,
    Dependency,
    External,
    Function,
    Instance,
    Partial,
    Place,
    RouteDecorator,
    Value,
    constant,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

Verdict = Literal["denies", "partly", "passes"]


@dataclass(slots=True)
class Meeting:
    """How one element of a route answers the two strangers.

    `scheme`: it is nothing but a security scheme. `configured`: only some configurations have it. `used`: it hands
    made-up credentials on to something that may reject them. `optional`: it gives the handler nothing for a stranger.
    `inert`: it refuses everybody, or only redirects.
    """

    name: str
    missing: Verdict
    junk: Verdict
    opaque: tuple[str, ...] = ()
    scheme: bool = False
    configured: bool = False
    used: bool = False
    optional: bool = False
    inert: bool = False


@dataclass(slots=True)
class Guarding:
    """The answer for a route. `reason` says why it is unknown; `meetings` are its elements in the order they run."""

    protection: Protection
    guards: Guards
    reason: str = ""
    meetings: list[Meeting] = field(default_factory=list)


class GuardModel:
    """Answers for routes; everything is kept."""

    def __init__(self, interpreter: Interpreter, resolver: Resolver, declared: Declared) -> None:
        self._interpreter = interpreter
        self._declared = declared
        self._resolver = resolver
        self.follower = Follower(interpreter)
        self._callables: dict[tuple[int, bool, str | None], Encounter] = {}
        self._values: list[Value] = []
        self._layers: dict[tuple[int, bool, str, str], Encounter] = {}

    # Dependencies

    def encounter(self, value: Value, stranger: Stranger) -> Encounter:
        """What a stranger meets in a dependency, sub-dependencies first."""
        path = stranger.path if _reads_path(running(value)) else None
        key = (id(value), stranger.junk, path)
        if key not in self._callables:
            self._callables[key] = Encounter()
            self.follower.allowance, self.follower.patience = MAX_FUNCTIONS, MAX_STATEMENTS
            self._values.append(value)
            self._callables[key] = self._meet(value, Stranger(stranger.junk, path, stranger.method))
        return self._callables[key]

    def _meet(self, value: Value, stranger: Stranger) -> Encounter:
        name = dotted_name(value) or ""
        if self._declared.authenticates(name):
            return Encounter([Ending(True, CLEAN, 401, False, _NOWHERE)], checked=True)
        if self._declared.optional(name):
            return Encounter([Ending(False, ABSENT, None, False, _NOWHERE)])
        if isinstance(value, External):
            return self._external(value, stranger)
        scheme = _scheme_of(value)
        if scheme is not None:
            return _of_scheme(scheme, stranger)
        arguments, refused = self.arguments(value, stranger)
        if refused is not None:
            return refused
        function = running(value)
        if function is None:
            return Encounter([Ending(False, _all(arguments), None, False, _NOWHERE)])
        owner = value.receiver if isinstance(value, Bound) else value if isinstance(value, Instance) else None
        if function.wraps is not None:
            arguments |= {f"**{name}": kinds for name, kinds in arguments.items()} | {"*": frozenset({"bag"})}
        encounter = self.follower.meet(function, stranger, arguments, owner)
        if isinstance(value, Class):
            kinds = _all(arguments)
            endings = [
                ending if ending.denies else Ending(False, kinds, None, ending.conditional, ending.place)
                for ending in encounter.endings
            ]
            return Encounter(endings, encounter.checked, encounter.opaque)
        return encounter

    def arguments(self, value: Value, stranger: Stranger, path: str = "") -> tuple[dict[str, Kinds], Encounter | None]:
        """The kinds of a callable's parameters, or the encounter with a sub-dependency that refuses."""
        found: dict[str, Kinds] = {}
        for parameter in parameters(value):
            dependency = self._resolver.dependency_of(parameter)
            if dependency is None:
                kinds = self._plain_parameter(parameter, stranger, path)
                if kinds is None:
                    return {}, Encounter([Ending(True, CLEAN, 422, False, parameter.place)], checked=True)
                if kinds != CLEAN:
                    found[parameter.name] = kinds
                continue
            for option in options(dependency[1]):
                encounter = self.encounter(option, stranger)
                if verdict(encounter) == "denies":
                    return {}, encounter
                kinds = encounter.returned
                if "nothing" in kinds:
                    kinds = kinds - {"nothing"} | ABSENT
                if encounter.opaque:
                    kinds |= frozenset({"clean"})
                found[parameter.name] = kinds
                break
        return found, None

    def _plain_parameter(self, parameter: Parameter, stranger: Stranger, path: str) -> Kinds | None:
        """The kinds of a parameter that is no dependency; None when a missing one is refused by validation."""
        annotation = self._resolver.annotation(parameter)
        base = annotation.base if isinstance(annotation, Annotated) else annotation
        if isinstance(base, External) and base.name.startswith(("starlette.requests.", "starlette.websockets.")):
            return REQUEST
        if parameter.name in ("request", "websocket", "conn", "connection") and parameter.default is None:
            return REQUEST
        marker = _marker(annotation, parameter.default)
        name = parameter.name
        if marker is not None and marker.name.endswith((".Header()", ".Cookie()")) and marker.arguments is not None:
            alias = constant(marker.arguments.get("alias"))
            if not credentials.names_credential(alias if isinstance(alias, str) else name):
                return CLEAN
            default = marker.arguments.get("default", 0) if not isinstance(annotation, Annotated) else parameter.default
            return self._credential(default if default is not None else parameter.default, stranger, marker)
        if name in TOKENS and (marker is None or marker.name.endswith((".Query()", ".Path()"))):
            if name in path_variables(path):
                return JUNK
            return self._credential(parameter.default, stranger, marker)
        return CLEAN

    def _credential(self, default: Value | None, stranger: Stranger, marker: External | None) -> Kinds | None:
        if stranger.junk:
            return JUNK
        if isinstance(default, External) and default is marker:
            default = default.arguments.get("default", 0) if default.arguments else None
        required = default is None or (isinstance(default, External) and default.name == "builtins.Ellipsis")
        return None if required else ABSENT

    def _external(self, value: External, stranger: Stranger) -> Encounter:
        """A library's callable: a security scheme, one of the table, or something unknown."""
        if value.name.startswith("fastapi.security.") and value.called:
            return _of_scheme(value, stranger)
        row = credentials.entry("guard", value.name)
        if row is not None:
            optional = row.get("optional", {})
            given = value.arguments.keywords if value.arguments is not None else {}
            lets_in = any(constant(given.get(name)) is state for name, state in optional.items() if name in given)
            place = value.place or _NOWHERE
            if lets_in:
                return Encounter([Ending(False, frozenset({"absent"}), None, False, place)], checked=True)
            return Encounter([Ending(True, CLEAN, 401, False, place)], checked=True)
        neutral = credentials.entry("neutral", value.name) or credentials.entry("limiter", value.name)
        opaque = [] if neutral or not credentials.names_guardian(value.name) else [value.name]
        return Encounter([Ending(False, CLEAN, None, False, value.place or _NOWHERE)], opaque=opaque)

    # Middleware

    def layer(self, layer: Layer, stranger: Stranger, websocket: bool, precise: bool = True) -> Encounter:
        """What a stranger meets in a middleware on his way to a path; not `precise`: on his way anywhere."""
        anywhere = (id(layer), stranger.junk, "", str(websocket))
        self.follower.allowance, self.follower.patience = MAX_FUNCTIONS, MAX_STATEMENTS
        if anywhere not in self._layers:
            self._layers[anywhere] = self._meet_layer(layer, Stranger(stranger.junk), websocket)
        found = self._layers[anywhere]
        if not precise or not found.by_path or not (found.may_deny or found.opaque):
            return found
        key = (id(layer), stranger.junk, stranger.path or "", f"{stranger.method} {websocket}")
        if key not in self._layers:
            self._layers[key] = self._meet_layer(layer, stranger, websocket)
        return self._layers[key]

    def _meet_layer(self, layer: Layer, stranger: Stranger, websocket: bool) -> Encounter:
        passing = Encounter([Ending(False, PASSED, None, False, layer.place)])
        for option in options(layer.what):
            if self._declared.guards_application(dotted_name(option) or ""):
                return Encounter([Ending(True, CLEAN, 401, False, layer.place)], checked=True)
            if isinstance(option, External):
                row = credentials.entry("middleware", option.name)
                if row is not None and row.get("authenticates", True):
                    return Encounter([Ending(True, CLEAN, 401, False, layer.place)], checked=True)
                if row is None and not option.name.startswith("starlette.") and credentials.names_guardian(option.name):
                    passing.opaque.append(option.name)
            elif isinstance(option, Function):
                if websocket and layer.function:
                    return passing
                names = [form[0] for form in option.parameters]
                given = dict(zip(names, [REQUEST, PASSED], strict=False))
                return _as_middleware(self.follower.meet(option, stranger, given))
            elif isinstance(option, Class):
                return self._class_layer(option, stranger, websocket) or passing
        return passing

    def _class_layer(self, cls: Class, stranger: Stranger, websocket: bool) -> Encounter | None:
        instance = Instance(cls)
        dispatch = method_of(instance, "dispatch")
        if dispatch is not None:
            if websocket:
                return None
            names = [form[0] for form in dispatch.parameters][1:]
            given = dict(zip(names, [REQUEST, PASSED], strict=False))
            return _as_middleware(self.follower.meet(dispatch, stranger, given))
        called = method_of(instance, "__call__")
        if called is not None:
            names = [form[0] for form in called.parameters][1:]
            kinds = [frozenset({"scope"}), frozenset({"receive"}), frozenset({"send"})]
            given = dict(zip(names, kinds, strict=False))
            asgi = Stranger(stranger.junk, stranger.path, stranger.method, websocket)
            return _as_asgi(self.follower.meet(called, asgi, given))
        return None

    # Routes

    def of_route(self, route: Route) -> Guarding:
        """What guards a route, and so its protection."""
        inner = self._dependency_meetings(route) if route.kind in ("http", "websocket") else []
        meetings = [*self._layer_meetings(route, precise=not _refused(inner)), *inner]
        if route.kind in ("http", "websocket", "raw") and route.endpoint is not None and not _refused(meetings):
            meetings += self._endpoint_meetings(route, meetings)
        guards = Guards(
            tuple(dict.fromkeys(self._authenticating(route, meetings))),
            tuple(dict.fromkeys(self._authorizing(route))),
            tuple(dict.fromkeys(self._limiting(route))),
        )
        missing = any(meeting.missing == "denies" for meeting in meetings)
        if _refused(meetings):
            return Guarding("protected", guards, "", meetings)
        public = self._declared.public(route.path, route.methods)
        if public:
            return Guarding("public", guards, public, meetings)
        reason = self._doubt(route, meetings, missing)
        return Guarding("unknown" if reason else "open", guards, reason, meetings)

    def _doubt(self, route: Route, meetings: list[Meeting], missing: bool) -> str:
        """Why a route that nobody is seen to protect may be protected all the same."""
        if route.kind in ("mount", "static", "docs"):
            return "the mounted application is not in sight" if route.kind == "mount" and route.name == "?" else ""
        for meeting in meetings:
            if meeting.opaque:
                return f"{meeting.name} relies on {meeting.opaque[0]}, which cannot be looked into"
        for meeting in meetings:
            if meeting.configured:
                return f"{meeting.name} guards it only in some configurations"
            if meeting.missing == "partly" or (missing and meeting.junk == "partly"):
                return f"{meeting.name} refuses some requests without credentials and lets others pass"
        for place, reason in route.problems:
            return f"{reason} ({place})"
        for decorator, place in _decorators(route):
            name = dotted_name(decorator)
            if name is None:
                return f"a decorator of the handler could not be followed ({place})"
            if isinstance(decorator, External) and credentials.names_guardian(name):
                return f"the decorator {name} cannot be looked into"
        for include in route.includes:
            if include.adopted:
                return f"the router is included in a way that could not be followed ({include.place})"
        return ""

    def _layer_meetings(self, route: Route, precise: bool) -> list[Meeting]:
        found = []
        websocket = route.kind == "websocket"
        layers = [*reversed(route.app.layers)]
        if route.router is not route.app and route.mounts:
            layers += reversed(route.router.layers)
        for layer in layers:
            answers = [self.layer(layer, self._stranger(route, junk), websocket, precise) for junk in (False, True)]
            name = next((dotted_name(option) for option in options(layer.what)), None) or "a middleware"
            meeting = _meeting(name, answers)
            if layer.conditional and "denies" in (meeting.missing, meeting.junk):
                meeting.missing, meeting.junk, meeting.configured = "partly", "partly", True
            found.append(meeting)
        return found

    def _stranger(self, route: Route, junk: bool) -> Stranger:
        return Stranger(junk, route.path, route.methods[0] if len(route.methods) == 1 else None)

    def _dependency_meetings(self, route: Route) -> list[Meeting]:
        found = []
        for node in route.dependencies:
            answers = [self.encounter(node.call, self._stranger(route, junk)) for junk in (False, True)]
            meeting = _meeting(node.name, answers)
            if node.alternative:
                meeting.configured = "denies" in (meeting.missing, meeting.junk)
                meeting.missing = meeting.junk = "partly" if meeting.configured else "passes"
            meeting.scheme = _scheme_of(node.call) is not None
            found.append(meeting)
        return found

    def _endpoint_meetings(self, route: Route, before: list[Meeting]) -> list[Meeting]:
        endpoint = route.endpoint
        if endpoint is None:
            return []
        found = [
            Meeting(decorator.name, "denies", "denies")
            for decorator, _ in _decorators(route)
            if isinstance(decorator, External) and (credentials.entry("decorator", decorator.name) or {}).get("authenticates")
        ]
        found += self._route_class_meetings(route)
        missing = self._endpoint(route, endpoint, self._stranger(route, False))
        if verdict(missing) == "passes" and not missing.opaque and not any(item.missing == "denies" for item in before):
            return [*found, _meeting(route.name, [missing, missing])]
        junk = self._endpoint(route, endpoint, self._stranger(route, True))
        return [*found, _meeting(route.name, [missing, junk])]

    def _route_class_meetings(self, route: Route) -> list[Meeting]:
        """A custom route class whose handler looks at the request first (semantics f52)."""
        found = []
        for option in options(route.router.arguments.get("route_class")):
            method = method_of(Instance(option), "get_route_handler") if isinstance(option, Class) else None
            if method is None or not isinstance(option, Class):
                continue
            with self._interpreter.asking():
                handler = invoke(self._interpreter, method, Arguments([Instance(option)]), method.place)
            for inner in options(handler):
                if isinstance(inner, Function) and inner.parameters:
                    given = {inner.parameters[0][0]: REQUEST}
                    answers = [self.follower.meet(inner, self._stranger(route, junk), given) for junk in (False, True)]
                    found.append(_meeting(option.dotted, answers))
        return found

    def _endpoint(self, route: Route, endpoint: Value, stranger: Stranger) -> Encounter:
        """The handler with its wrappers, outermost first."""
        arguments, refused = self.arguments(endpoint, stranger, route.path)
        if refused is not None:
            own = refused.endings[0].code == 422
            return refused if own else Encounter([Ending(False, CLEAN, None, False, _NOWHERE)])
        if route.kind == "raw" and not arguments:
            arguments = {parameter.name: REQUEST for parameter in parameters(endpoint)[:1]}
        self.follower.allowance = MAX_FUNCTIONS_OF_A_HANDLER
        self.follower.patience = MAX_STATEMENTS_OF_A_HANDLER
        bag = {f"**{name}": kinds for name, kinds in arguments.items()}
        result = Encounter([Ending(False, CLEAN, None, False, _NOWHERE)])
        value: Value | None = endpoint
        opaque: list[str] = []
        while value is not None:
            function = running(value)
            if function is None:
                break
            given = {**bag, **arguments, "*": frozenset({"bag"})}
            receiver = value.receiver if isinstance(value, Bound) else None
            self.follower.in_handler = True
            try:
                result = _as_endpoint(self.follower.meet(function, stranger, given, receiver))
            finally:
                self.follower.in_handler = False
            opaque += result.opaque
            if verdict(result) == "denies":
                return result
            wrapped = next(options(function.wraps), None)
            value = wrapped if wrapped is not function else None
        return Encounter(result.endings, result.checked, opaque, used=result.used)

    # Names of guards

    def _authenticating(self, route: Route, meetings: list[Meeting]) -> list[str]:
        names = [meeting.name for meeting in meetings if "denies" in (meeting.junk,) and not meeting.scheme]
        for node in route.nodes(alternatives=False):
            if _scheme_of(node.call) is None and self.authenticates(node.call):
                names.append(node.name)
        return names

    def authenticates(self, value: Value) -> bool:
        return all(verdict(self.encounter(value, Stranger(junk))) == "denies" for junk in (False, True))

    def _authorizing(self, route: Route) -> list[str]:
        names = [node.name for node in route.nodes(alternatives=False) if self.authorizes(node)]
        for decorator, _ in _decorators(route):
            function = decorator if isinstance(decorator, Function) else None
            if function is not None and _compares_privilege(function):
                names.append(function.dotted)
        handler = route.function
        if handler is not None and _compares_privilege(handler):
            names.append(handler.dotted)
        return names

    def authorizes(self, node: Node) -> bool:
        """Whether a dependency compares roles, permissions, scopes or owners and refuses."""
        if self._declared.authorizes(node.name):
            return True
        if isinstance(node.call, External):
            row = credentials.entry("guard", node.call.name)
            wanted = row.get("authorizes", False) if row is not None else False
            given = node.call.arguments.keywords if node.call.arguments is not None else {}
            return wanted if isinstance(wanted, bool) else any(name in given for name in wanted)
        function = node.function
        return function is not None and _compares_privilege(function)

    def _limiting(self, route: Route) -> list[str]:
        names = []
        for node in route.nodes(alternatives=False):
            function = node.function
            if isinstance(node.call, External) and credentials.entry("limiter", node.call.name) is not None:
                names.append(node.name)
            elif self._declared.limits(node.name):
                names.append(node.name)
            elif function is not None and _limits(function):
                names.append(node.name)
        for decorator, _ in _decorators(route):
            name = dotted_name(decorator)
            if isinstance(decorator, External) and credentials.entry("limiter", decorator.name) is not None:
                names.append(decorator.name)
            elif name is not None and self._declared.limits(name):
                names.append(name)
            elif isinstance(decorator, Function) and _limits(decorator):
                names.append(name or "?")
        for layer in route.app.layers:
            for option in options(layer.what):
                row = credentials.entry("middleware", option.name) if isinstance(option, External) else None
                if row is not None and row.get("limits"):
                    names.append(option.name if isinstance(option, External) else "?")
        return names


_NOWHERE: Place = None  # type: ignore[assignment]


def verdict(encounter: Encounter) -> Verdict:
    """How an element answers: refuses (at least unless something configured lets the request by), partly, or not at all."""
    if encounter.denies and (encounter.checked or any(ending.code is not None for ending in encounter.endings)):
        return "denies"
    denials = [ending for ending in encounter.endings if ending.denies and ending.checked]
    certain = any(not ending.conditional for ending in denials)
    if encounter.checked and certain and all(ending.conditional for ending in encounter.passes):
        return "denies"
    return "partly" if encounter.checked and denials else "passes"


def _refused(meetings: list[Meeting]) -> bool:
    """Whether both strangers are refused, each by whomever."""
    return any(item.missing == "denies" for item in meetings) and any(item.junk == "denies" for item in meetings)


def _meeting(name: str, answers: list[Encounter]) -> Meeting:
    missing, junk = answers
    opaque = tuple(dict.fromkeys([*missing.opaque, *junk.opaque]))
    used = missing.used or junk.used or junk.checked
    optional = verdict(missing) == "passes" and bool(missing.returned & frozenset({"absent", "bad", "nothing"}) and missing.checked)
    inert = missing.denies and junk.denies
    return Meeting(name, verdict(missing), verdict(junk), opaque, used=used, optional=optional, inert=inert)


def _scheme_of(value: Value) -> External | Instance | None:
    """The security scheme of FastAPI that a dependency is, when it is nothing more than that."""
    if isinstance(value, External) and value.name.startswith("fastapi.security.") and value.called:
        return value
    if isinstance(value, Instance) and isinstance(value.cls, Class) and method_of(value, "__call__") is None:
        if any(base.startswith("fastapi.security.") for base in value.cls.external_bases()):
            return value
    return None


def _of_scheme(scheme: External | Instance, stranger: Stranger) -> Encounter:
    """A scheme refuses missing credentials unless `auto_error=False`, and never looks at junk (semantics E41 to E43)."""
    place = scheme.place or _NOWHERE
    given = scheme.arguments.keywords if scheme.arguments is not None else {}
    if stranger.junk:
        return Encounter([Ending(False, JUNK, None, False, place)])
    if "auto_error" in given and constant(given["auto_error"]) is False:
        return Encounter([Ending(False, ABSENT, None, False, place)])
    return Encounter([Ending(True, CLEAN, 401, False, place)], checked=True)


def _marker(annotation: Value | None, default: Value | None) -> External | None:
    """`Header()`, `Cookie()`, `Query()` ... of a parameter."""
    candidates = list(annotation.metadata) if isinstance(annotation, Annotated) else []
    for value in [*candidates, *([default] if default is not None else [])]:
        if isinstance(value, External) and value.name.startswith(("fastapi.param_functions.", "fastapi.params.")):
            return value
    return None


def _all(arguments: dict[str, Kinds]) -> Kinds:
    return frozenset().union(*arguments.values()) or CLEAN


def _reads_path(function: Function | None) -> bool:
    if function is None or function.number < 0:
        return False
    return function.module.facts.body_mentions(function.number, b'"path"')


def _as_endpoint(encounter: Encounter) -> Encounter:
    """A handler may also refuse by what it returns: an error response or a redirect to the login page."""
    endings = [
        Ending(True, CLEAN, 401 if ending.checked else None, ending.conditional, ending.place, ending.checked)
        if ending.kinds == frozenset({"denial"})
        else ending
        for ending in encounter.endings
    ]
    return Encounter(endings, encounter.checked, encounter.opaque, encounter.by_path, encounter.used)


def _as_middleware(encounter: Encounter) -> Encounter:
    """A middleware refuses by not calling the next one."""
    endings = [
        ending if ending.denies or "passed" in ending.kinds or "clean" in ending.kinds
        else Ending(True, CLEAN, None, ending.conditional, ending.place, ending.checked)
        for ending in encounter.endings
    ]  # fmt: skip
    return Encounter(endings, encounter.checked, encounter.opaque, encounter.by_path, encounter.used)


def _as_asgi(encounter: Encounter) -> Encounter:
    """A pure ASGI middleware refuses whom it does not hand on to the application behind it."""
    endings = [
        ending if ending.denies or "passed" in ending.kinds
        else Ending(True, CLEAN, None, ending.conditional, ending.place, ending.checked)
        for ending in encounter.endings
    ]  # fmt: skip
    if not any("passed" in ending.kinds or ending.denies for ending in encounter.endings):
        return Encounter([Ending(False, PASSED, None, True, ending.place) for ending in encounter.endings[:1]])
    return Encounter(endings, encounter.checked, encounter.opaque, encounter.by_path, encounter.used)


def _decorators(route: Route) -> list[tuple[Value, Place]]:
    """What decorates the handler, except the route's own decorators."""
    found: list[tuple[Value, Place]] = []
    value = route.endpoint
    while isinstance(value, Bound | Partial):
        value = value.function
    seen: set[int] = set()
    below = route.registration.decorated if route.registration is not None else None
    while isinstance(value, Function) and id(value) not in seen:
        seen.add(id(value))
        wrapping = value.decorators if below is None else value.decorators[:below]
        found += [(decorator, value.place) for decorator in wrapping if not _is_plain(decorator)]
        below = None
        value = next(options(value.wraps), None)
    return found


def _is_plain(decorator: Value) -> bool:
    """Decorators that change nothing about who gets in: `functools.wraps`, the decorators of routes."""
    if isinstance(decorator, External):
        return decorator.name.startswith(("functools.", "contextlib.", "typing."))
    return any(isinstance(option, RouteDecorator) for option in options(decorator))


def _limits(function: Function) -> bool:
    """Whether a function's body answers 429 somewhere."""
    if function.number < 0:
        return False
    facts = function.module.facts
    return any(facts.body_mentions(number, word) for number in _own_numbers(function) for word in _TOO_MANY)


_TOO_MANY = (b",429]", b'"HTTP_429_TOO_MANY_REQUESTS"', b'"TOO_MANY_REQUESTS"', b'"RateLimitExceeded"')


def _own_numbers(function: Function) -> list[int]:
    functions = function.module.facts.functions
    return [function.number, *(number for number, item in enumerate(functions) if item[2] == function.number)]


@cache
def _body_compares_privilege(facts: FileFacts, number: int) -> bool:
    """Whether a function's body refuses on a condition about roles, permissions, scopes or owners, or has it enforced."""
    if not facts.body_mentions(number, b'["raise"') or not facts.body_speaks(number, credentials.PRIVILEGE_IN_TEXT):
        return False
    pending = list(facts.body(number))
    while pending:
        form = pending.pop()
        if form[0] == "if" and _speaks_of_privilege(form[2]) and _refuses([*form[3], *form[4]]):
            return True
        if form[0] == "expr" and any(_is_enforcement(inner) for inner in walk(form)):
            return True
        pending.extend(inner for block in blocks(form) for inner in block)
    return False


def _compares_privilege(function: Function) -> bool:
    """Whether a function, or one that it defines, refuses for want of a role, permission, scope or ownership."""
    if function.number < 0:
        return False
    facts = function.module.facts
    return any(_body_compares_privilege(facts, number) for number in _own_numbers(function)[:6])


def _is_enforcement(form: Form) -> bool:
    return form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("authorize", "enforce") and len(form[3]) >= 2


def _speaks_of_privilege(test: Form) -> bool:
    for form in walk(test):
        if form[0] == "attr" and credentials.names_privilege(form[3]):
            return True
        if form[0] in ("name", "const") and isinstance(form[2], str) and credentials.names_privilege(form[2]):
            return True
        if form[0] == "compare" and _compares_owner(form):
            return True
    return False


def _compares_owner(form: Form) -> bool:
    """`item.user_id != user.id`: an attribute of one object against the identity of another."""
    sides = [form[2], *form[4]]
    ids = [side for side in sides if side[0] == "attr" and (side[3] == "id" or side[3].endswith(("_id", "email", "username")))]
    return len(ids) == 2 and len(sides) == 2


def _refuses(statements: list[Form]) -> bool:
    pending = list(statements)
    while pending:
        form = pending.pop()
        if form[0] == "raise":
            return True
        pending.extend(inner for block in blocks(form) for inner in block)
    return False


__all__ = ["Const", "Dependency", "GuardModel", "Guarding", "Meeting", "Router", "verdict"]
