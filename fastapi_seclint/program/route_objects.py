"""The routes of a router as objects that code goes through: `for route in router.routes: app.add_api_route(...)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from fastapi_seclint.program.routers import Include, Registration, Router, native
from fastapi_seclint.program.values import (
    Arguments,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Text,
    Value,
    options,
    string,
)

_MANY = 60
"""More routes than these are not gone through one by one: such loops are about names and tags."""
_DEEP = 8
_CLASSES = {"http": "fastapi.routing.APIRoute", "websocket": "fastapi.routing.APIWebSocketRoute"}


def route_objects(router: Router) -> Collection:
    """What `router.routes` holds now, as FastAPI made it: the whole path, the router's dependencies first."""
    found = list(islice(_routes(router, [], [], 0), _MANY + 1))
    return Collection("list", found[:_MANY], open=len(found) > _MANY)


def _routes(router: Router, prefixes: Sequence[Value], before: Sequence[Value], depth: int) -> Iterator[Value]:
    for entry in router.entries:
        if isinstance(entry, Registration) and entry.kind in _CLASSES:
            given = [*before, *entry.inherited, *_listed(entry.dependencies)]
            path = _joined([*prefixes, *([router.prefix] if entry.takes_prefix else []), entry.path])
            name = entry.endpoint.name if isinstance(entry.endpoint, Function) else ""
            attributes: dict[str, Value] = {
                "path": path,
                "endpoint": entry.endpoint,
                "name": Const(name),
                "dependencies": Collection("list", given),
            }
            if entry.methods is not None:
                attributes["methods"] = Collection("set", [Const(method) for method in entry.methods])
            yield Instance(External(_CLASSES[entry.kind]), attributes, Arguments([], attributes), None, entry.place)
        elif isinstance(entry, Include) and depth < _DEEP:
            given = [*before, *entry.inherited, *_listed(entry.dependencies)]
            for instance in native(entry.router):
                if instance.native is not None:
                    yield from _routes(instance.native, [*prefixes, router.prefix, entry.prefix], given, depth + 1)


def _joined(parts: list[Value]) -> Value:
    texts = [string(part) for part in parts]
    known = [text for text in texts if text is not None]
    return Const("".join(known)) if len(known) == len(texts) else Text([*parts])


def _listed(value: Value | None) -> list[Value]:
    return [item for option in options(value) if isinstance(option, Collection) for item in option.items]


def is_route(value: Value | None, kind: str) -> bool | None:
    """Whether a route object is of a library's class; None for other values."""
    if not isinstance(value, Instance) or not isinstance(value.cls, External):
        return None
    if value.cls.name not in _CLASSES.values():
        return None
    plain = value.cls.name.rpartition(".")[2].removeprefix("API")
    return kind in (value.cls.name, f"starlette.routing.{plain}", "starlette.routing.BaseRoute")
