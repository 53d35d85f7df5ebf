"""What a request meets on its way to a handler, told one by one: middleware, dependencies, decorators, the handler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.explanation import ExplainedRoute, Link
from fastapi_seclint.program import credentials
from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.guards import layers_of
from fastapi_seclint.program.meetings import Guarding, Meeting
from fastapi_seclint.program.privileges import authorizes, limits
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, Function, Place, Value, options
from fastapi_seclint.spans import Location

if TYPE_CHECKING:
    from fastapi_seclint.config import Config
    from fastapi_seclint.program.program import Program


def explained(program: Program, route: Route) -> ExplainedRoute:
    """A route with its chain and the verdict on it."""
    guarding = program.guarding(route)
    config = program.config
    public = program.guard_model.declared.public_route(route.path, route.methods)
    decided = public.origin if public is not None and guarding.protection == "public" else None
    return ExplainedRoute(
        app=program.app_name(route.app),
        methods=route.methods,
        path=route.path,
        kind=route.kind,
        endpoint=route.name,
        place=route.place.location if route.place is not None else None,
        protection=guarding.protection,
        reason=guarding.reason or _reason(guarding),
        included_through=tuple(include.place.location for include in route.includes),
        chain=tuple(_chain(program, route, guarding, config)),
        decided_by=f"public-routes ({decided})" if decided is not None else "",
    )


def _reason(guarding: Guarding) -> str:
    """Why a route is protected or open, in a sentence."""
    if guarding.protection == "protected":
        first = next((item.name for item in guarding.meetings if item.missing == "denies"), "")
        second = next((item.name for item in guarding.meetings if item.junk == "denies"), "")
        if first == second:
            return f"{first} refuses callers without credentials and with made-up ones"
        return f"{first} refuses callers without credentials, {second} those with made-up ones"
    asked = [item.name for item in guarding.meetings if item.missing == "denies"]
    if asked:
        return f"{asked[0]} asks for credentials, and nothing verifies them: a made-up one reaches the handler"
    return "nothing on its way refuses a caller without credentials"


def _chain(program: Program, route: Route, guarding: Guarding, config: Config | None) -> Iterator[Link]:
    layers = layers_of(route)
    for layer, meeting in zip(layers, guarding.meetings, strict=False):
        note = _declared(config, "auth.middleware", meeting.name)
        place = next((_definition(option) for option in options(layer.what)), None)
        effects = tuple(_effects(meeting))
        row = credentials.entry("middleware", meeting.name)
        effects += ("limits rates",) if row is not None and row.get("limits") else ()
        yield Link("middleware", meeting.name, effects, note or _note(meeting), 0, "", place, layer.place.location)
    if route.kind in ("http", "websocket"):
        for node in route.dependencies:
            yield from _dependency(program, route, node, config, 0)
    rest = guarding.meetings[len(layers) + len(route.dependencies) :]
    for decorator, above in wrapping_decorators(route):
        name = dotted_name(decorator) or "a decorator that could not be followed"
        known = [meeting for meeting in rest if meeting.name == name]
        effects = tuple(_effects(known[0])) if known else ()
        yield Link("decorator", name, effects, "", 0, "", _definition(decorator), above.location)
    own = next((meeting for meeting in rest if meeting.name == route.name), None)
    place_of = route.place.location if route.place is not None else None
    yield Link("handler", route.name, tuple(_effects(own)) if own else (), _note(own) if own else "", 0, "", place_of)


def _dependency(program: Program, route: Route, node: Node, config: Config | None, depth: int) -> Iterator[Link]:
    """A dependency, then those that it needs itself: the order of the route table."""
    model = program.guard_model
    meeting = model.meeting(route, node)
    effects = list(_effects(meeting))
    effects += ["authorizes"] if authorizes(model.declared, node) else []
    effects += ["limits rates"] if limits(model.declared, node) else []
    note = _declared_dependency(config, node.name) or _note(meeting)
    if not node.certain:
        note = "; ".join(filter(None, (note, "only in some configurations")))
    written = node.written.location if node.written is not None else None
    yield Link("dependency", node.name, tuple(effects), note, depth, node.parameter, _definition(node.call), written)
    for child in node.children:
        yield from _dependency(program, route, child, config, depth + 1)


def _effects(meeting: Meeting) -> Iterator[str]:
    if meeting.scheme:
        yield "scheme only" if meeting.missing == "denies" else "optional scheme"
    elif "denies" == meeting.missing == meeting.junk:
        yield "authenticates"
    elif meeting.opaque:
        yield "unknown"
    elif meeting.junk == "denies":
        yield "optional"
    elif meeting.missing == "denies":
        yield "asks for credentials"
    elif "partly" in (meeting.missing, meeting.junk):
        yield "sometimes refuses"
    elif meeting.optional:
        yield "optional"


def _note(meeting: Meeting) -> str:
    if meeting.scheme:
        return "reads the credentials and verifies nothing"
    if "denies" == meeting.missing == meeting.junk:
        return ""
    if meeting.opaque:
        return f"relies on {meeting.opaque[0]}, which cannot be looked into"
    if meeting.configured:
        return "only in some configurations"
    if meeting.missing == "denies":
        return "a made-up credential passes"
    if meeting.junk == "denies":
        return "refuses made-up credentials and lets callers without any pass"
    return "a caller without credentials passes" if meeting.optional else ""


def _declared_dependency(config: Config | None, name: str) -> str:
    keys = ("auth.dependencies", "auth.admin-dependencies", "auth.optional-dependencies", "auth.factories")
    return next(filter(None, (_declared(config, key, name) for key in keys)), "")


def _declared(config: Config | None, key: str, name: str) -> str:
    """`declared in the configuration (place)` for a name that an entry of a key matches."""
    from fastapi_seclint.program.declared import Declared

    if config is None:
        return ""
    attribute = key.removeprefix("auth.").replace("-", "_")
    patterns: Iterable[str] = getattr(config.auth, attribute)
    for pattern in patterns:
        one = Declared(factories=(pattern,)) if key == "auth.factories" else Declared(dependencies=(pattern,))
        if one.authenticates(name):
            origin = config.origin(f"{key}[{pattern}]") or config.origin(key)
            return f"declared by `{key}`" + (f" ({origin})" if origin else "")
    return ""


def _definition(value: Value) -> Location | None:
    """Where something of the project is defined, or something of a library made."""
    if isinstance(value, Function | Class):
        return value.place.location
    inner = getattr(value, "function", None) or getattr(value, "cls", None)
    if isinstance(inner, Function | Class):
        return inner.place.location
    made = getattr(value, "place", None)
    return made.location if isinstance(made, Place) else None
