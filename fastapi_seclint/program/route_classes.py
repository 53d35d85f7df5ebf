"""Classes of routes and applications that are not FastAPI's own: what their objects know, what nobody sees of them."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.program.routers import Router
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, Collection, Const, External, Function, Value, options, string


def known_of(route: Route) -> dict[str, Value]:
    """What an object of a route class knows of its route (fastapi/routing.py, `APIRoute.__init__`)."""
    path = _in_its_application(route)
    texts = {"path": path, "path_format": path, "name": route.name.rpartition(".")[2]}
    held: dict[str, Value] = {name: Const(text) for name, text in texts.items() if text is not None}
    held["methods"] = Collection("set", [Const(method) for method in route.methods])
    return {**held, "endpoint": route.endpoint} if route.endpoint is not None else held


def _in_its_application(route: Route) -> str | None:
    """The path of a route below what its application is mounted at; None where that is not known."""
    path = route.path
    for mount in route.mounts:
        above = string(mount.path)
        if above is None:
            return None
        path = path.partition(above.rstrip("/"))[2] if above.rstrip("/") else path
    return path


def handler_makers(route: Route) -> Iterator[Function]:
    """What the route classes of a router make handlers with, their own `get_route_handler` and those of their bases."""
    for option in options(route.router.arguments.get("route_class")):
        for base in option.lineage() if isinstance(option, Class) else ():
            made = base.namespace.get("get_route_handler") if isinstance(base, Class) else None
            if isinstance(made, Function):
                yield made


def of_own_making(app: Router) -> str | None:
    """The library's class of an application that takes more than FastAPI does: nobody sees what it does with that.

    FastAPI's own constructor has nothing but keywords, and keeps those that it does not know as `extra`.
    """
    cls = app.instance.cls if app.instance is not None else None
    own = isinstance(cls, External) and cls.name not in (
        "fastapi.applications.FastAPI",
        "starlette.applications.Starlette",
    )
    return cls.name if isinstance(cls, External) and own and app.arguments.positional else None
