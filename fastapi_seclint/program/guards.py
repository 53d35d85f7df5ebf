"""What guards a route: its middleware, dependencies, decorators and body.

Each is met by a stranger without credentials and by one with made-up credentials. Whoever refuses both protects the
route; what cannot be looked into makes it unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from fastapi_seclint.discovery import is_test_path
from fastapi_seclint.program import credentials, route_classes, signatures
from fastapi_seclint.program.anonymous import MAX_FUNCTIONS_OF_A_HANDLER, MAX_STATEMENTS_OF_A_HANDLER, Follower
from fastapi_seclint.program.callables import dotted_name, parameters, running
from fastapi_seclint.program.calls import invoke, method_of
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node, Resolver
from fastapi_seclint.program.dependency_guards import DependencyGuards
from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.kinds import CLEAN, DENIAL, NOTHING, REQUEST
from fastapi_seclint.program.leavings import Leavings
from fastapi_seclint.program.meetings import Guarding, Meeting, meeting_of, refused, verdict
from fastapi_seclint.program.middleware_guards import MiddlewareGuards
from fastapi_seclint.program.privileges import authorizing, limiting
from fastapi_seclint.program.routers import Layer, Router, native
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.table import Guards
from fastapi_seclint.program.values import Arguments, Bound, Class, External, Function, Instance, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_UNDEFINED = re.compile(r"^(?P<what>the type|a dependency) .*: (?P<name>\w+) is not defined anywhere in sight$")
"""The problem with a name that a file uses and never binds."""

__all__ = ["GuardModel", "Guarding", "Meeting", "layers_of"]


class GuardModel:
    """Answers for routes; everything is kept."""

    def __init__(self, interpreter: Interpreter, resolver: Resolver, declared: Declared) -> None:
        self._interpreter = interpreter
        self.declared = declared
        self._follower = Follower(interpreter)
        self.dependencies = DependencyGuards(self._follower, resolver, declared)
        self.middleware = MiddlewareGuards(self._follower, declared)
        self._left: dict[Router, Leavings] = {}

    def of_route(self, route: Route) -> Guarding:
        """What guards a route, and so its protection."""
        self._enter(route)
        inner = self._dependency_meetings(route) if route.kind in ("http", "websocket") else []
        left = self._follower.left
        meetings = [*self._layer_meetings(route, precise=not refused(inner)), *inner]
        self._follower.left = left
        if route.kind in ("http", "websocket", "raw") and route.endpoint is not None and not refused(meetings):
            meetings += self._endpoint_meetings(route, meetings)
        guards = Guards(
            tuple(dict.fromkeys(self._authenticating(route, meetings))),
            tuple(dict.fromkeys(authorizing(self.declared, route))),
            tuple(dict.fromkeys(limiting(self.declared, route))),
        )
        missing = any(meeting.missing == "denies" for meeting in meetings)
        if refused(meetings):
            return Guarding("protected", guards, "", meetings)
        public = self.declared.public(route.path, route.methods)
        if public:
            return Guarding("public", guards, public, meetings)
        reason = self._doubt(route, meetings, missing)
        if reason:
            return Guarding("unknown", guards, reason, meetings)
        absent = [item.name for item in meetings if item.configured]
        return Guarding("open", guards, f"{absent[0]} guards it only when configured" if absent else "", meetings)

    def _enter(self, route: Route) -> None:
        """Walk the middleware first, whatever else is asked: guards behind it may rely on what it leaves behind."""
        if route.app not in self._left:
            self._follower.left, self._follower.at_middleware = Leavings(), True
            for layer in layers_of(route):
                for junk in (True, False):
                    self.middleware.layer(layer, Stranger(junk), websocket=False, precise=False)
            self._left[route.app], self._follower.at_middleware = self._follower.left, False
        self._follower.left = self._left[route.app]

    def _doubt(self, route: Route, meetings: list[Meeting], missing: bool) -> str:
        """Why a route that nobody is seen to protect may be protected all the same."""
        if route.kind in ("mount", "static", "docs"):
            return "the mounted application is not in sight" if route.kind == "mount" and route.name == "?" else ""
        for meeting in meetings:
            if meeting.opaque:
                return f"{meeting.name} relies on {meeting.opaque[0]}, which cannot be looked into"
        for meeting in meetings:
            if meeting.configured and meeting.missing == "partly":
                return f"{meeting.name} guards it only in some configurations"
            if meeting.missing == "partly" or (missing and meeting.junk == "partly"):
                return f"{meeting.name} refuses some requests without credentials and lets others pass"
        for place, reason in route.problems:
            if not _is_plain_matter(reason):
                return f"{reason} ({place})"
        if route.function is not None and _is_signed_anew(route.function):
            return "what the handler depends on is put together while the program runs"
        if route.function is not None and (held := self.dependencies.handed_on(route.function)):
            return f"{held} is made of the request and handed on to what may refuse strangers"
        for decorator, place in wrapping_decorators(route):
            name = dotted_name(decorator)
            if name is None:
                return f"a decorator of the handler could not be followed ({place})"
            if isinstance(decorator, External) and credentials.names_guardian(name):
                return f"the decorator {name} cannot be looked into"
        if (made := route_classes.of_own_making(route.app)) is not None:
            return f"{made} is given what FastAPI does not take, and may guard what it serves"
        for include in route.includes:
            if include.adopted:
                return f"the router is included in a way that could not be followed ({include.place})"
        return ""

    def _layer_meetings(self, route: Route, precise: bool) -> list[Meeting]:
        found = []
        websocket = route.kind == "websocket"
        for layer in layers_of(route):
            name = next((dotted_name(option) for option in options(layer.what)), None) or "a middleware"
            meet = partial(self.middleware.layer, layer, websocket=websocket, precise=precise)
            meeting = self._asked(route, name, meet)
            if layer.switched_off:
                _switch_off(meeting)
            elif layer.conditional and "denies" in (meeting.missing, meeting.junk):
                meeting.missing, meeting.junk, meeting.configured = "partly", "partly", True
            found.append(meeting)
        return found

    def meeting(self, route: Route, node: Node) -> Meeting:
        """How a dependency of a route, or one below it, answers strangers who met those before it."""
        self._enter(route)
        for before in route.dependencies:
            if any(item is node for item in before.walk()):
                break
            self._meeting(route, before)
        return self._meeting(route, node)

    def _meeting(self, route: Route, node: Node) -> Meeting:
        meeting = self._asked(route, node.name, lambda stranger: self.dependencies.encounter(node.call, stranger))
        meeting.scheme = scheme_of(node.call) is not None
        if meeting.opaque and _is_never_asked(route, node):
            meeting.opaque = ()
        unchecked = meeting.inert and not meeting.checked
        meeting.blind = unchecked and node.function is not None and not parameters(node.call)
        return meeting

    def _asked(
        self, route: Route, name: str, meet: Callable[[Stranger], Encounter], needs_both: bool = True
    ) -> Meeting:
        """How an element answers both strangers; it is `configured` where it refuses them once it is set up.

        Where it is not known whether it is set up by default it counts as a guard, as one does that a configured
        exception lets by. Not `needs_both`: who comes without credentials is enough where he passes for certain.
        """

        def met(configured: bool) -> tuple[Meeting, bool]:
            found = [meet(self._stranger(route, False, configured))]
            if needs_both or verdict(found[0]) != "passes" or found[0].opaque:
                found.append(meet(self._stranger(route, True, configured)))
            return meeting_of(name, [found[0], found[-1]]), any(item.switched for item in found)

        meeting, switched = met(False)
        if switched and not refused([meeting]):
            set_up = met(True)[0]
            meeting.configured = (refused([set_up]) or bool(set_up.opaque)) and not meeting.opaque
        if meeting.configured and "passes" not in (meeting.missing, meeting.junk):
            meeting.missing, meeting.junk, meeting.configured = "denies", "denies", False
        return meeting

    def _stranger(self, route: Route, junk: bool, configured: bool) -> Stranger:
        method = route.methods[0] if len(route.methods) == 1 else None
        return Stranger(junk, route.path, method, configured=configured, websocket=route.kind == "websocket")

    def _dependency_meetings(self, route: Route) -> list[Meeting]:
        found = []
        for node in route.dependencies:
            meeting = self._meeting(route, node)
            if node.alternative:
                _switch_off(meeting)
            found.append(meeting)
        return found

    def _endpoint_meetings(self, route: Route, before: list[Meeting]) -> list[Meeting]:
        endpoint = route.endpoint
        if endpoint is None:
            return []
        found = [
            Meeting(decorator.name, "denies", "denies")
            for decorator, _ in wrapping_decorators(route)
            if isinstance(decorator, External)
            and (credentials.entry("decorator", decorator.name) or {}).get("authenticates")
        ]
        found += self._route_class_meetings(route)
        asked = any(item.missing == "denies" for item in before)
        meeting = self._asked(route, route.name, lambda stranger: self._endpoint(route, endpoint, stranger), asked)
        return [*found, meeting]

    def _route_class_meetings(self, route: Route) -> list[Meeting]:
        """A custom route class whose handler looks at the request first (semantics f52)."""
        found = []
        for option in options(route.router.arguments.get("route_class")):
            method = method_of(Instance(option), "get_route_handler") if isinstance(option, Class) else None
            if method is None or not isinstance(option, Class):
                continue
            with self._interpreter.asking():
                made = Instance(option, route_classes.known_of(route), Arguments())
                handler = invoke(self._interpreter, method, Arguments([made]), method.place)
            for inner in options(handler):
                if isinstance(inner, Function) and inner.parameters:
                    given = {inner.parameters[0][0]: REQUEST}
                    meet = partial(self._follower.meet, inner, arguments=given)
                    found.append(self._asked(route, option.dotted, meet))
        return found

    def _endpoint(self, route: Route, endpoint: Value, stranger: Stranger) -> Encounter:
        """The handler with its wrappers, outermost first."""
        arguments, refused = self.dependencies.arguments(endpoint, stranger, route.path)
        if refused is not None:
            own = refused.endings[0].code == 422
            return refused if own else Encounter([Ending(False, CLEAN, None, False, None)])
        if route.kind == "raw" and not arguments:
            arguments = {parameter.name: REQUEST for parameter in parameters(endpoint)[:1]}
        self._follower.allowance = MAX_FUNCTIONS_OF_A_HANDLER
        self._follower.patience = MAX_STATEMENTS_OF_A_HANDLER
        bag = {f"**{name}": kinds for name, kinds in arguments.items()}
        result = Encounter([Ending(False, CLEAN, None, False, None)])
        value: Value | None = endpoint
        opaque: list[str] = []
        receiver: Value | None = None
        switched = False
        while value is not None:
            function = running(value)
            if function is None:
                break
            requests = {form[0]: REQUEST for form in function.parameters if form[0] in ("request", "websocket")}
            given = {**bag, **requests, **arguments, "*": frozenset({"bag"})}
            receiver = value.receiver if isinstance(value, Bound) else receiver
            wrapped = next(options(function.wraps), None)
            self._follower.handler, self._follower.relayed = function, None
            self._follower.in_handler = not isinstance(wrapped, Function) or wrapped is function
            try:
                result = self._follower.meet(function, stranger, given, receiver)
                asked = self.dependencies.without_unknown(value, stranger, result, given, receiver)
                result = _as_endpoint(asked or result)
            finally:
                self._follower.in_handler, self._follower.handler = False, None
            opaque += result.opaque
            switched = switched or result.switched
            if verdict(result) == "denies":
                return result
            value = wrapped if wrapped is not function else None
        return Encounter(result.endings, result.checked, opaque, used=result.used, switched=switched)

    def authenticates(self, value: Value) -> bool:
        """Whether a dependency refuses both strangers."""
        return self.dependencies.authenticates(value)

    def _authenticating(self, route: Route, meetings: list[Meeting]) -> list[str]:
        names = [item.name for item in meetings if item.junk == "denies" and not item.scheme and not item.blind]
        blind = {item.name for item in meetings if item.blind}
        for node in route.nodes(alternatives=False):
            if scheme_of(node.call) is None and node.name not in blind and self.authenticates(node.call):
                names.append(node.name)
        return names


def _is_never_asked(route: Route, node: Node) -> bool:
    """Whether a dependency gives an object whose methods are guards, and the handler calls none and hands it to nobody.

    `authorize: AuthJWT = Depends()`, without `authorize.jwt_required()`.
    """
    handler = route.function
    if handler is None or not node.parameter or not isinstance(node.call, External):
        return False
    if credentials.entry("object", node.call.name) is None:
        return False
    facts = handler.module.facts
    forms = [handler.forms, *(facts.forms(number) for number in facts.inside(handler.number))]
    return not any(form[2] == node.parameter for each in forms for form in each.of("name"))


def _switch_off(meeting: Meeting) -> None:
    """What the default configuration leaves out lets everybody pass; where it may refuse it can be configured."""
    meeting.configured = bool(meeting.opaque) or (meeting.missing, meeting.junk) != ("passes", "passes")
    meeting.missing, meeting.junk, meeting.opaque = "passes", "passes", ()


def layers_of(route: Route) -> list[Layer]:
    """The middleware that a request to a route goes through, outermost first, without what tests add to try it."""
    layers = [*reversed(route.app.layers)]
    for mount in route.mounts:
        layers += mount.layers
        for instance in native(mount.app):
            if instance.native is not None:
                layers += reversed(instance.native.layers)
    if is_test_path(route.app.place.module.path):
        return layers
    return [layer for layer in layers if not is_test_path(layer.place.module.path)]


def _is_signed_anew(function: Function) -> bool:
    """Whether the function that makes a wrapper gives it another signature: `wrapper.__signature__ = made`.

    FastAPI reads `__signature__` (fastapi/dependencies/utils.py, `get_typed_signature`), and so asks for dependencies
    that are nowhere written, unless the signature can be followed.
    """
    given = function.attributes.get("__signature__")
    if given is not None and signatures.read(given, function.place) is not None:
        return False
    facts = function.module.facts
    around = facts.functions[function.number][2] if function.number >= 0 else -1
    if around < 0 or not facts.body_mentions(around, b'"__signature__"'):
        return False
    targets = (target for form in facts.forms(around).of("assign") for target in form[2])
    signed = (target[2] for target in targets if target[0] == "attr" and target[3] == "__signature__")
    return any(item[::2] == ["name", function.name] for item in signed)


def _is_plain_matter(reason: str) -> bool:
    """Whether a problem is only that a type or a provider is not in sight whose name has nothing to do with callers."""
    undefined = _UNDEFINED.match(reason)
    if undefined is None:
        return False
    name = undefined["name"]
    if undefined["what"] == "the type":
        return not credentials.may_be_guardian(name)
    return credentials.names_provider(name)


def _as_endpoint(encounter: Encounter) -> Encounter:
    """A handler may also refuse by what it returns: an error response or a redirect to the login page.

    What it serves on some condition it serves to strangers: `if post.public: return post`.
    """
    serves = any(ending.conditional and ending.kinds not in (DENIAL, NOTHING) for ending in encounter.passes)
    endings = [
        Ending(True, CLEAN, 401 if ending.checked else None, serves or ending.conditional, ending.place, ending.checked)
        if ending.kinds == DENIAL
        else replace(ending, conditional=serves or ending.conditional)
        for ending in encounter.endings
    ]
    return replace(encounter, endings=endings)
