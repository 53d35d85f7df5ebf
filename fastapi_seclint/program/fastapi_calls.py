"""What calls of FastAPI and Starlette do: applications, routers, routes, includes, mounts, middleware, dependencies."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from fastapi_seclint.program import fastapi_users, handlers, resources, routables
from fastapi_seclint.program.calling import innermost_call
from fastapi_seclint.program.fastapi_pagination import add_pagination
from fastapi_seclint.program.fastapi_versioning import versioned
from fastapi_seclint.program.layers import layer
from fastapi_seclint.program.markers import MARKERS, marker, marker_of
from fastapi_seclint.program.route_objects import route_objects
from fastapi_seclint.program.router_making import add_raw_route, initialize, is_router_class, made_methods
from fastapi_seclint.program.routers import HTTP_METHODS, Include, Mount, Registration, Router, native, strings
from fastapi_seclint.program.values import (
    HANDED_UP,
    ITEMS,
    NONE,
    Arguments,
    Class,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Mapping,
    Native,
    Place,
    RouteDecorator,
    Unknown,
    Value,
    iterate,
    options,
    string,
)
from fastapi_seclint.program.wrappings import mounted

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_DECORATORS = frozenset(
    {*HTTP_METHODS, "api_route", "route", "websocket", "websocket_route", "middleware", "on_event", "exception_handler"}
)
_ADDERS = {
    "add_api_route": ("http", 1),
    "add_route": ("raw", 1),
    "add_api_websocket_route": ("websocket", 1),
    "add_websocket_route": ("raw websocket", 1),
}
_METHODS = _DECORATORS | _ADDERS.keys() | {
    "__init__", "include_router", "mount", "host", "add_middleware", "add_event_handler", "add_exception_handler",
    "frontend", "url_path_for", "openapi", "build_middleware_stack", "setup",
}  # fmt: skip


def call(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value | None:
    """The value of calling a symbol of FastAPI or Starlette, or None when it is none of the model's."""
    kind = is_router_class(function.name)
    if kind is not None and not (kind == "app" and any(True for _ in native(arguments.get("app", 0)))):
        made = interpreter.made(place)
        if made is not None:
            return made
        instance = Instance(function, {}, arguments, None, place)
        initialize(interpreter, instance, kind, arguments, place)
        interpreter.remember(place, instance)
        return instance
    if function.name in MARKERS:
        return marker(function.name, arguments, place)
    given = versioned(interpreter, function, arguments, place) or add_pagination(
        interpreter, function, arguments, place
    )
    if given is not None:
        return given
    for router, handler, options_of in resources.added(function, arguments) if interpreter.recording else ():
        register(interpreter, router, "http", handler, options_of, place)
    return fastapi_users.router(interpreter, function, arguments, place)


_DEFAULTS = {
    "title": Const("FastAPI"),
    "docs_url": Const("/docs"),
    "redoc_url": Const("/redoc"),
    "openapi_url": Const("/openapi.json"),
    "swagger_ui_oauth2_redirect_url": Const("/docs/oauth2-redirect"),
}
"""What an application has that was not told otherwise (fastapi/applications.py)."""


def native_attribute(instance: Instance, name: str) -> Value | None:
    """An attribute of an application or router that the model knows."""
    router = instance.native
    if router is None:
        return None
    if name in _METHODS:
        return Native(instance, name)
    if name == "router" and router.kind != "router":
        return instance
    if name == "dependencies":
        return router.dependencies
    if name == "prefix":
        return router.prefix
    if name == "state":
        return instance.attributes.setdefault(name, Instance(External("starlette.datastructures.State")))
    if name == "dependency_overrides":
        return instance.attributes.setdefault(name, Mapping([]))
    if name == "routes":
        methods: dict[str, Value] = {
            item: Native(instance, f"routes.{item}") for item in ("append", "extend", "insert")
        }
        held = instance.attributes.setdefault(name, Instance(External("starlette.routing.Routes"), methods))
        if isinstance(held, Instance):
            held.attributes[ITEMS] = route_objects(router)
        return held
    if name in router.arguments.keywords:
        return router.arguments.keywords[name]
    return _DEFAULTS.get(name) if router.kind == "app" and not router.arguments.open else None


def call_method(interpreter: Interpreter, receiver: Instance, name: str, arguments: Arguments, place: Place) -> Value:
    """What a method of an application or router does."""
    if name == HANDED_UP:
        receiver.attributes[HANDED_UP] = External("()", arguments, None, place)
        return NONE
    if name == "__init__" and isinstance(receiver.cls, Class) and marker_of(receiver.cls):
        receiver.arguments = arguments
        return NONE
    if name == "__init__" and isinstance(receiver.cls, Class) and routables.is_made(receiver.cls):
        routables.fill(interpreter, receiver, arguments, place)
        return NONE
    if name == "__init__":
        kinds = (
            [is_router_class(base) for base in receiver.cls.external_bases()] if isinstance(receiver.cls, Class) else []
        )
        initialize(interpreter, receiver, next((kind for kind in kinds if kind), "router"), arguments, place)
        return NONE
    if receiver.native is None:
        return Unknown(f"{name} of a router that is not initialized", place)
    if name in _DECORATORS:
        own = _overridden(receiver, "api_route") if name in HTTP_METHODS else None
        if own is not None:
            keywords = {**arguments.keywords, "methods": Collection("list", [Const(name.upper())])}
            given = Arguments([receiver, *arguments.positional], keywords, arguments.open)
            value: Value = _calls().invoke(interpreter, own, given, place)
            return value
        return RouteDecorator(receiver, name, arguments, place)
    if not interpreter.recording:
        return NONE
    if name in _ADDERS:
        kind, position = _ADDERS[name]
        endpoint = arguments.get("endpoint" if "websocket_route" not in name or "api" in name else "route", position)
        endpoint = endpoint or arguments.get("endpoint") or arguments.get("route")
        register(interpreter, receiver.native, kind, endpoint or Unknown("no endpoint"), arguments, place)
        return NONE
    if name.startswith("routes."):
        added = arguments.positional[-1:]
        if name == "routes.extend":
            extension = options(arguments.get("iterable", 0))
            added = [item for option in extension for item in iterate(option) or []]
        for item in added:
            add_raw_route(interpreter, receiver.native, item, place)
        return NONE
    handler = _HANDLERS.get(name)
    if handler is not None:
        handler(interpreter, receiver, arguments, place)
    return NONE


def decorate(interpreter: Interpreter, decorator: RouteDecorator, arguments: Arguments) -> Value:
    """`@router.get("/x")` applied: registers the route and gives back the function."""
    endpoint = arguments.get("func", 0) or Unknown("no endpoint")
    router = decorator.receiver.native
    if router is None or not interpreter.recording:
        return endpoint
    method = decorator.method
    if method == "middleware":
        if string(decorator.arguments.get("middleware_type", 0)) == "http":
            router.layers.append(layer(interpreter, endpoint, decorator.arguments, decorator.place, function=True))
    elif method == "on_event":
        if string(decorator.arguments.get("event_type", 0)) == "startup":
            interpreter.deferred.append((endpoint, Arguments(), decorator.place))
    elif method != "exception_handler":
        kinds = {"route": "raw", "websocket": "websocket", "websocket_route": "raw websocket"}
        kind = kinds.get(method, "http")
        own = _overridden(decorator.receiver, "add_api_route") if kind == "http" else None
        if own is not None:
            _add_through(interpreter, own, decorator, endpoint)
            return endpoint
        register(interpreter, router, kind, endpoint, decorator.arguments, decorator.place, method)
    return endpoint


def _overridden(receiver: Instance, name: str) -> Function | None:
    """A router's method that its class in the project defines: FastAPI's own decorators go through it."""
    return _calls().method_of(receiver, name) if isinstance(receiver.cls, Class) else None


def _add_through(interpreter: Interpreter, own: Function, decorator: RouteDecorator, endpoint: Value) -> None:
    """Register a decorated handler as FastAPI does: by the router's own `add_api_route`."""
    given = decorator.arguments
    path = given.get("path", 0) or Const("")
    keywords = {name: value for name, value in given.keywords.items() if name != "path"}
    if decorator.method in HTTP_METHODS:
        keywords["methods"] = Collection("list", [Const(decorator.method.upper())])
    arguments = Arguments([decorator.receiver, path, endpoint], keywords, given.open)
    _calls().invoke(interpreter, own, arguments, decorator.place)


def _calls() -> ModuleType:
    from fastapi_seclint.program import calls

    return calls


def register(
    interpreter: Interpreter,
    router: Router,
    kind: str,
    endpoint: Value,
    arguments: Arguments,
    place: Place,
    method: str = "",
) -> None:
    """Add a route; it takes a copy of the router's dependencies as they are now (semantics f03)."""
    endpoint = handlers.written(endpoint)
    if isinstance(endpoint, Unknown):
        interpreter.give_up(place, f"a handler that could not be followed: {endpoint.reason}")
    methods: tuple[str, ...] | None = (method.upper(),) if method in HTTP_METHODS else None
    if methods is None and "websocket" not in kind:
        given = arguments.get("methods")
        methods = ("GET",) if given is None or (isinstance(given, Const) and given.value is None) else strings(given)
        methods = made_methods(kind, methods) if methods is not None else None
    inherited = router.inherited() if not kind.startswith("raw") else ()
    path = arguments.get("path", 0) or Const("")
    entry = Registration(
        kind,
        path,
        methods,
        endpoint,
        inherited,
        arguments,
        place,
        interpreter.uncertain > 0,
        tuple(interpreter.conditions),
        len(endpoint.decorators) if isinstance(endpoint, Function) else 0,
    )
    for number, other in enumerate(router.entries):
        if not isinstance(other, Registration) or other.place.at != place.at or other.place.module is not place.module:
            continue
        if handlers.same(other.endpoint, endpoint) and string(other.path) == string(path) and other.methods == methods:
            router.entries[number] = entry
            return
    router.entries.append(entry)


def _include_router(interpreter: Interpreter, receiver: Instance, arguments: Arguments, place: Place) -> None:
    parent = receiver.native
    child = arguments.get("router", 0)
    if parent is None or child is None:
        return
    if not any(True for _ in native(child)):
        if isinstance(child, External):
            interpreter.give_up(place, f"include_router of {child.name}, whose routes are not in sight")
            return
        reason = child.reason if isinstance(child, Unknown) else "the value is not a router in sight"
        interpreter.give_up(place, f"include_router of something that could not be followed: {reason}")
        interpreter.open_includes.append((parent, arguments, place))
        return
    prefix = arguments.get("prefix", None) or Const("")
    entry = Include(
        child, prefix, arguments.get("dependencies"), parent.inherited(), arguments, place, interpreter.uncertain > 0,
        conditions=tuple(interpreter.conditions), called=innermost_call(interpreter),
    )  # fmt: skip
    parent.entries.append(entry)


def _mount(interpreter: Interpreter, receiver: Instance, arguments: Arguments, place: Place) -> None:
    app = arguments.get("app", 1)
    if receiver.native is not None and app is not None:
        path = arguments.get("path", 0) or Const("")
        served, layers = mounted(interpreter, app)
        receiver.native.entries.append(
            Mount(path, served, place, interpreter.uncertain > 0, layers, tuple(interpreter.conditions))
        )
        if isinstance(app, Unknown):
            interpreter.give_up(place, f"mount of something that could not be followed: {app.reason}")


def _host(interpreter: Interpreter, receiver: Instance, arguments: Arguments, place: Place) -> None:
    app = arguments.get("app", 1)
    if receiver.native is not None and app is not None:
        served, layers = mounted(interpreter, app)
        receiver.native.entries.append(
            Mount(Const(""), served, place, interpreter.uncertain > 0, layers, tuple(interpreter.conditions))
        )


def _frontend(interpreter: Interpreter, receiver: Instance, arguments: Arguments, place: Place) -> None:
    if receiver.native is not None:
        path = arguments.get("path", 0) or Const("")
        receiver.native.entries.append(Mount(path, External("fastapi.routing.frontend()", arguments), place))


def _add_middleware(interpreter: Interpreter, receiver: Instance, arguments: Arguments, place: Place) -> None:
    what = arguments.get("middleware_class", 0)
    if receiver.native is not None and what is not None:
        rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.open)
        receiver.native.layers.append(layer(interpreter, what, rest, place))


def _add_event_handler(interpreter: Interpreter, receiver: Instance, arguments: Arguments, place: Place) -> None:
    function = arguments.get("func", 1)
    if function is not None and string(arguments.get("event_type", 0)) == "startup":
        interpreter.deferred.append((function, Arguments(), place))


_HANDLERS: dict[str, Callable[[Interpreter, Instance, Arguments, Place], None]] = {
    "include_router": _include_router,
    "mount": _mount,
    "host": _host,
    "frontend": _frontend,
    "add_middleware": _add_middleware,
    "add_event_handler": _add_event_handler,
}
