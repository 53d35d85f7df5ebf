"""Applications that fastapi-versioning makes of another one: its routes again under each version, and under `/latest`.

`VersionedFastAPI(app)` mounts an application of its own for each version (fastapi_versioning/versioning.py): it serves
what handlers marked with `@version(2)` were written for, and what earlier versions have and it does not replace.
Middleware and handlers of the application that it is made of stay behind.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fastapi_seclint.program.route_objects import CLASS, route_objects
from fastapi_seclint.program.router_making import add_raw_route, initialize
from fastapi_seclint.program.routers import Mount, Router, native, strings
from fastapi_seclint.program.values import (
    Arguments,
    Const,
    External,
    Function,
    Instance,
    Place,
    Value,
    constant,
    iterate,
    options,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_OWN = frozenset({"app", "version_format", "prefix_format", "default_version", "enable_latest"})
Version = tuple[int, int]


def versioned(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Instance | None:
    """The application that a call of `VersionedFastAPI` gives, or None where it is another call."""
    if function.name.rpartition(".")[2] != "VersionedFastAPI" or not interpreter.recording:
        return None
    source = next(native(arguments.get("app", 0)), None)
    if source is None or source.native is None:
        return None
    made = interpreter.made(place)
    if made is not None:
        return made
    keywords = {name: value for name, value in arguments.keywords.items() if name not in _OWN}
    whole = _application(interpreter, Arguments([], keywords, arguments.open), place)
    interpreter.remember(place, whole)
    assert whole.native is not None
    whole.native.source = source.native
    prefix = string(arguments.get("prefix_format", 2)) or "/v{major}_{minor}"
    given = arguments.get("default_version", 3)
    default = _version((iterate(given) if given is not None else None) or []) or (1, 0)
    latest = constant(arguments.get("enable_latest", 4) or Const(False))
    _mount(interpreter, whole.native, _by_version(source.native, default), prefix, bool(latest), place)
    return whole


def _application(interpreter: Interpreter, arguments: Arguments, place: Place) -> Instance:
    instance = Instance(External("fastapi.applications.FastAPI"), {}, arguments, None, place)
    initialize(interpreter, instance, "app", arguments, place)
    return instance


def _mount(
    interpreter: Interpreter,
    whole: Router,
    routes: dict[Version, list[Instance]],
    prefix: str,
    latest: bool,
    place: Place,
) -> None:
    """Mount what each version serves: a later one has what it does not replace of those before."""
    served: dict[tuple[str, str], Instance] = {}
    versions = [(_path(prefix, version), version) for version in sorted(routes)]
    for path, version in [*versions, *([("/latest", None)] if latest and versions else [])]:
        for route in routes[version] if version is not None else ():
            for method in strings(route.attributes.get("methods")) or ("",):
                served[(string(route.attributes["path"]) or str(id(route)), method)] = route
        inner = _application(interpreter, Arguments(), place)
        assert inner.native is not None
        for route in {id(route): route for route in served.values()}.values():
            add_raw_route(interpreter, inner.native, route, route.place or place)
        whole.entries.append(Mount(Const(path), inner, place))


def _path(prefix: str, version: Version) -> str:
    return prefix.replace("{major}", str(version[0])).replace("{minor}", str(version[1]))


def _by_version(source: Router, default: Version) -> dict[Version, list[Instance]]:
    found: dict[Version, list[Instance]] = defaultdict(list)
    for route in route_objects(source).items:
        if isinstance(route, Instance):
            of_class = _said(route.attributes.get(CLASS), "versioned_api_route()")
            found[of_class or _marked(route.attributes.get("endpoint")) or default].append(route)
    return found


def _marked(endpoint: Value | None) -> Version | None:
    """The version that `@version(1, 2)` says of a handler, or of what it wraps."""
    for option in options(endpoint):
        function: Value | None = option
        seen: set[int] = set()
        while isinstance(function, Function) and id(function) not in seen:
            seen.add(id(function))
            for mark in function.decorators:
                if (found := _said(mark, "version()")) is not None:
                    return found
            function = next(options(function.wraps), None)
    return None


def _said(value: Value | None, name: str) -> Version | None:
    """The version in `version(1, 2)`, and in `versioned_api_route(1)`, which a router has as class of its routes."""
    for option in options(value):
        if isinstance(option, External) and option.arguments and option.name.rpartition("versioning.")[2] == name:
            given = option.arguments
            return _version([given.get("major", 0) or Const(1), given.get("minor", 1) or Const(0)])
    return None


def _version(said: list[Value]) -> Version | None:
    numbers = [constant(item) for item in said]
    match numbers:
        case [int(major), int(minor)]:
            return major, minor
    return None
