"""What the constructors of applications and routers do: their dependencies, routes, middleware and start-up code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.program.layers import layer
from fastapi_seclint.program.routers import Mount, Registration, Router, strings
from fastapi_seclint.program.values import (
    NONE,
    Arguments,
    Choice,
    Class,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Place,
    Unknown,
    Value,
    iterate,
    options,
)
from fastapi_seclint.program.wrappings import mounted

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_ROUTER_CLASSES = {
    "fastapi.applications.FastAPI": "app",
    "fastapi.routing.APIRouter": "router",
    "starlette.applications.Starlette": "starlette",
    "starlette.routing.Router": "starlette",
}


def is_router_class(name: str) -> str | None:
    """What an object of a library class is: app, router, starlette, or None.

    Libraries call their own kinds of routers and applications by what they are: `BentoFastAPI`, `InferringRouter`.
    """
    kind = _ROUTER_CLASSES.get(name)
    if kind is None and name.endswith("FastAPI") and not name.startswith("fastapi."):
        return "app"
    if kind is None and name.endswith("Router") and not name.startswith(("starlette.", "aiogram.")):
        return "router"
    return kind


def initialize(interpreter: Interpreter, instance: Instance, kind: str, arguments: Arguments, place: Place) -> None:
    """What the constructor of an application or router does."""
    given = arguments.get("dependencies", 3 if kind == "router" else None)
    prefix = arguments.get("prefix", 0) if kind == "router" else None
    router = Router(kind, arguments, place, prefix or Const(""), _dependencies(given), instance)
    router.dependencies.open = router.dependencies.open or arguments.open
    instance.native = router
    for option in options(arguments.get("routes")):
        for item in iterate(option) or (option.items if isinstance(option, Collection) else []):
            add_raw_route(interpreter, router, item, place)
    for option in options(arguments.get("middleware")):
        if isinstance(option, Collection):
            for item in option.items:
                if isinstance(item, External) and item.arguments is not None and item.arguments.positional:
                    rest = Arguments(item.arguments.positional[1:], item.arguments.keywords, item.arguments.open)
                    router.layers.append(layer(interpreter, item.arguments.positional[0], rest, item.place or place))
    for name in ("lifespan",):
        for option in options(arguments.get(name)):
            if isinstance(option, Function) and interpreter.recording:
                interpreter.deferred.append((option, Arguments([instance]), place))
                interpreter.lifespans.append(option)
    for option in options(arguments.get("on_startup")):
        if isinstance(option, Collection) and interpreter.recording:
            interpreter.deferred += [(item, Arguments(), place) for item in option.items]


def _dependencies(value: Value | None) -> Collection:
    """The dependencies of a router as a list of their own; open when they are not all known."""
    found = Collection("list", [])
    possible = list(options(value))
    for number, option in enumerate(possible):
        if isinstance(option, Collection):
            found.items.extend(_possibly(item, number, len(possible)) for item in option.items)
            found.open = found.open or option.open
        elif not (isinstance(option, Const) and option.value is None):
            found.open = True
    return found


def _possibly(item: Value, number: int, possible: int) -> Value:
    """An item that only one of several possible lists has: the first list is that of the default configuration."""
    if possible == 1:
        return item
    return Choice([NONE, item]) if number else Choice([item, NONE])


def _route_class(item: External | Instance) -> str:
    """The library's class that a route is an object of, as for one of a subclass of the project."""
    if isinstance(item, External):
        return item.name.removesuffix("()").rpartition(".")[2]
    bases = item.cls.external_bases() if isinstance(item.cls, Class) else [item.cls.name]
    return next((base.rpartition(".")[2] for base in bases if ".routing." in base), "")


def made_methods(kind: str, methods: Iterable[str]) -> tuple[str, ...]:
    """The methods that a route answers: Starlette's own routes add HEAD to GET (starlette/routing.py)."""
    found = {method.upper() for method in methods}
    return tuple(sorted(found | {"HEAD"} if kind == "raw" and "GET" in found else found))


def add_raw_route(interpreter: Interpreter, router: Router, item: Value, place: Place) -> None:
    """One element of `routes=[...]`: taken as it is, without any dependencies (semantics f39)."""
    given = item.arguments if isinstance(item, External | Instance) else None
    if not isinstance(item, External | Instance) or given is None:
        if isinstance(item, Unknown):
            interpreter.give_up(place, f"a route in routes=: {item.reason}")
        return
    where, name = item.place or place, _route_class(item)
    path, target = given.get("path", 0) or Const(""), given.get("endpoint", 1)
    if name == "Mount":
        app = given.get("app", 1)
        if app is None:
            instance = Instance(External("starlette.routing.Router"), {}, given, None, where)
            initialize(interpreter, instance, "starlette", Arguments(keywords=given.keywords), where)
            app = instance
        served, layers = mounted(interpreter, app)
        router.entries.append(Mount(path, served, where, layers=layers))
    elif target is not None and name in ("Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute"):
        kind = "raw websocket" if name == "WebSocketRoute" else "raw"
        if name.startswith("API"):
            kind = "websocket" if "WebSocket" in name else "http"
        methods = None if "WebSocket" in name else made_methods(kind, strings(given.get("methods")) or ("GET",))
        router.entries.append(Registration(kind, path, methods, target, (), given, where, made=True))
