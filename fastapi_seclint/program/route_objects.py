"""The routes of a router as objects that code goes through: `for route in router.routes: app.add_api_route(...)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from fastapi_seclint.facts.forms import Form, walk
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
    iterate,
    options,
    string,
)

_MANY = 60
"""More routes than these are gone through one by one only to add others: most such loops are about names and tags."""
_ALL = 1_500
_ADDING = frozenset({"add_api_route", "add_api_websocket_route", "add_route", "append", "insert", "api_route"})
_DEEP = 8
_KEPT = frozenset(
    {
        *("response_model", "response_model_include", "response_model_exclude", "response_model_exclude_unset"),
        *("response_model_exclude_defaults", "response_model_exclude_none", "response_class", "status_code", "tags"),
        *("summary", "description", "deprecated", "operation_id", "responses"),
    }
)
"""What a call says of a route that its object has under the same name."""
CLASS = "class of the router's routes"
"""Under which name, that no attribute has, a route knows the `route_class` of its router."""
_CLASSES = {"http": "fastapi.routing.APIRoute", "websocket": "fastapi.routing.APIWebSocketRoute"}


def route_objects(router: Router) -> Collection:
    """What `router.routes` holds now, as FastAPI made it: the whole path, the router's dependencies first."""
    found = list(islice(_routes(router, [], [], True), _ALL + 1))
    return Collection("list", found[:_ALL], open=len(found) > _ALL)


def gone_through(value: Value, most: int, body: Sequence[Form] = ()) -> list[Value] | None:
    """What a loop goes through, as `iterate` says, at `most` so many; many routes only where its body adds routes."""
    items = iterate(value)
    if items is None or len(items) <= _MANY or is_route(items[0], "Route") is None:
        return items if items is None else items[:most]
    adds = any(form[0] == "attr" and form[3] in _ADDING for statement in body for form in walk(statement))
    return items if adds else None


def _routes(
    router: Router, prefixes: Sequence[Value], before: Sequence[Value], shown: bool, depth: int = 0
) -> Iterator[Value]:
    shown = shown and _is_shown(router.arguments)
    for entry in router.entries:
        if isinstance(entry, Registration) and entry.kind in _CLASSES:
            given = [*before, *entry.inherited, *_listed(entry.dependencies)]
            path = _joined([*prefixes, *([router.prefix] if entry.takes_prefix else []), entry.path])
            name = entry.endpoint.name if isinstance(entry.endpoint, Function) else ""
            attributes: dict[str, Value] = {
                **{key: value for key, value in entry.arguments.keywords.items() if key in _KEPT},
                "path": path,
                "endpoint": entry.endpoint,
                "name": Const(name),
                "dependencies": Collection("list", given),
                "include_in_schema": Const(shown and _is_shown(entry.arguments)),
            }
            if (kind := router.arguments.get("route_class")) is not None:
                attributes[CLASS] = kind
            if entry.methods is not None:
                attributes["methods"] = Collection("set", [Const(method) for method in entry.methods])
            yield Instance(External(_CLASSES[entry.kind]), attributes, Arguments([], attributes), None, entry.place)
        elif isinstance(entry, Include) and depth < _DEEP:
            given = [*before, *entry.inherited, *_listed(entry.dependencies)]
            for instance in native(entry.router):
                if instance.native is not None:
                    below = [*prefixes, router.prefix, entry.prefix]
                    yield from _routes(instance.native, below, given, shown and _is_shown(entry.arguments), depth + 1)


def _is_shown(arguments: Arguments) -> bool:
    """Whether the OpenAPI document has what a call adds."""
    found = next(options(arguments.get("include_in_schema")), None)
    return not (isinstance(found, Const) and found.value is False)


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
