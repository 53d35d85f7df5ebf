"""The routes of each application: includes and mounts followed, paths joined, dependencies in FastAPI's order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.dependencies import Node, Resolver
from fastapi_seclint.program.repetition import once
from fastapi_seclint.program.routers import Include, Mount, Registration, Router, native
from fastapi_seclint.program.table import Kind
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Partial,
    Place,
    Text,
    Unknown,
    Value,
    constant,
    is_none,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_MAX_NESTING = 25


@dataclass(slots=True, eq=False)
class Route:
    """One route of one application, by one include path. `dependencies` are the trees, outermost first."""

    app: Router
    router: Router
    path: str
    methods: tuple[str, ...]
    kind: Kind
    endpoint: Value | None
    name: str
    registration: Registration | None
    place: Place | None
    dependencies: list[Node]
    includes: tuple[Include, ...] = ()
    mounts: tuple[Mount, ...] = ()
    problems: list[tuple[Place, str]] = field(default_factory=list)
    conditional: bool = False

    @property
    def function(self) -> Function | None:
        """The handler as the project wrote it, wrappers taken off."""
        value = self.endpoint
        while isinstance(value, Bound | Partial):
            value = value.function
        return value.innermost if isinstance(value, Function) else None

    @property
    def conditions(self) -> list[Form]:
        """The undecided tests on which the application has this route at all."""
        found = [form for include in self.includes for form in include.conditions]
        found += [form for mount in self.mounts for form in mount.conditions]
        return found + list(self.registration.conditions if self.registration is not None else ())

    def nodes(self, alternatives: bool = True) -> Iterator[Node]:
        """Every dependency of the route, sub-dependencies included; without alternatives as configured by default."""
        for node in self.dependencies:
            yield from node.walk(alternatives)


@dataclass(slots=True, eq=False)
class _Way:
    """How the walk got to a router."""

    app: Router
    prefix: str
    inherited: list[tuple[tuple[Value, ...], Value | None, Place]]
    includes: tuple[Include, ...]
    mounts: tuple[Mount, ...]
    conditional: bool


class Walker:
    """Flattens routers into routes."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._resolver = Resolver(interpreter)

    @property
    def resolver(self) -> Resolver:
        return self._resolver

    def routes(self, app: Router) -> list[Route]:
        """All routes of an application, in the order in which it tries them."""
        way = _Way(app, "", [], (), (), app.conditional)
        return [*_documentation(app, ""), *once(self._router(app, way, 0))]

    def _router(self, router: Router, way: _Way, depth: int) -> Iterator[Route]:
        if depth > _MAX_NESTING:
            self._interpreter.give_up(router.place, "routers that include each other without end")
            return
        prefix = self.path(router.prefix, router.place)
        for entry in list(router.entries):
            if isinstance(entry, Registration):
                yield self._route(router, entry, way, prefix)
            elif isinstance(entry, Include):
                yield from self._include(entry, way, prefix, depth)
            else:
                yield from self._mount(entry, way, depth)

    def _route(self, router: Router, entry: Registration, way: _Way, prefix: str) -> Route:
        raw = entry.kind.startswith("raw")
        path = way.prefix + (prefix if entry.takes_prefix else "") + self.path(entry.path, entry.place)
        self._resolver.problems = []
        nodes: list[Node] = []
        if not raw:
            for inherited, given, place in way.inherited:
                nodes += self._resolver.of_values(inherited, place)
                nodes += self._resolver.of_list(given, place)
            nodes += self._resolver.of_values(entry.inherited, router.place)
            nodes += self._resolver.of_list(entry.dependencies, entry.place)
            for option in options(entry.endpoint):
                nodes += self._resolver.of_callable(option, skip_first=_view_of(option))
        if entry.arguments.open and not raw:
            self._resolver.problems.append((entry.place, "arguments of a route that are not all known"))
        for include in way.includes:
            if include.arguments.open:
                self._resolver.problems.append((include.place, "arguments of an include that are not all known"))
        for open_router in (router, way.app):
            if open_router.dependencies.open and not raw:
                self._resolver.problems.append((open_router.place, "dependencies of a router that are not all known"))
        endpoint = next(options(entry.endpoint), None)
        kind: Kind = "websocket" if "websocket" in entry.kind else "raw" if raw else "http"
        name = (dotted_name(endpoint) if endpoint is not None else None) or "?"
        if isinstance(endpoint, Unknown):
            self._resolver.problems.append((entry.place, f"a handler that could not be followed: {endpoint.reason}"))
        return Route(
            way.app,
            router,
            path,
            entry.methods or (),
            kind,
            endpoint,
            name,
            entry,
            _definition(endpoint) or entry.place,
            nodes,
            way.includes,
            way.mounts,
            self._resolver.problems,
            way.conditional or entry.conditional,
        )

    def _include(self, entry: Include, way: _Way, prefix: str, depth: int) -> Iterator[Route]:
        added = self.path(entry.prefix, entry.place)
        below = _Way(
            way.app,
            way.prefix + prefix + added,
            [*way.inherited, (entry.inherited, entry.dependencies, entry.place)],
            (*way.includes, entry),
            way.mounts,
            way.conditional or entry.conditional,
        )
        for instance in native(entry.router):
            if instance.native is not None:
                yield from self._router(instance.native, below, depth + 1)

    def _mount(self, entry: Mount, way: _Way, depth: int) -> Iterator[Route]:
        path = way.prefix + self.path(entry.path, entry.place).rstrip("/")
        below = _Way(way.app, path, [], way.includes, (*way.mounts, entry), way.conditional or entry.conditional)
        routers = list(native(entry.app))
        target = next(options(entry.app), None)
        name = (dotted_name(target) if target is not None else None) or "?"
        static = "StaticFiles" in name or "frontend" in name
        kind: Kind = "static" if static else "mount"
        yield Route(
            way.app, way.app, path, (), kind, target, name.removesuffix("()"), None, entry.place, [], way.includes,
            below.mounts, [], below.conditional,
        )  # fmt: skip
        for instance in routers:
            if instance.native is not None and instance.native is not way.app:
                yield from _documentation(instance.native, path, way.app)
                yield from self._router(instance.native, below, depth + 1)

    def path(self, value: Value, place: Place) -> str:
        """A path or prefix as text; what is not known shows as `{?}` and is listed."""
        return "".join(self._path_parts(value, place))

    def _path_parts(self, value: Value, place: Place) -> Iterator[str]:
        option = next(options(value), None)
        if isinstance(option, Environment) and option.default is not None:
            yield from self._path_parts(option.default, place)
        elif isinstance(option, Const):
            yield "" if option.value is None else str(option.value)
        elif isinstance(option, Instance) and (held := _held(option)) is not None:
            yield from self._path_parts(held, place)
        elif isinstance(option, Text):
            for part in option.parts:
                if isinstance(part, str):
                    yield part
                else:
                    yield from self._path_parts(part, place)
        else:
            why = option.reason if isinstance(option, Unknown) else "its value is only known at run time"
            self._interpreter.give_up(place, f"part of a path: {why}")
            yield "{?}"


def _held(instance: Instance) -> Value | None:
    """The text that an object stands for: a member of an enumeration, an entry of a configuration by its default."""
    for name in ("value", "default"):
        found = instance.attributes.get(name)
        if any(isinstance(option, Const | Text | Environment) for option in options(found)):
            return found
    return None


def _view_of(endpoint: Value) -> Value | None:
    """The class of a view whose decorator was given the router: its methods get the object by dependency."""
    if isinstance(endpoint, Function) and endpoint.owner is not None and endpoint.kind == "function":
        owner = endpoint.owner
        if owner.view_of is not None:
            return owner
    return None


def _definition(endpoint: Value | None) -> Place | None:
    value = endpoint
    while isinstance(value, Bound | Partial):
        value = value.function
    if isinstance(value, Function):
        return value.innermost.place
    if isinstance(value, Class):
        return value.place
    if isinstance(value, Instance) and isinstance(value.cls, Class):
        return value.cls.place
    return None


_DOCUMENTATION = (
    ("openapi_url", "/openapi.json", ""),
    ("docs_url", "/docs", "/docs/oauth2-redirect"),
    ("redoc_url", "/redoc", ""),
)


def _documentation(app: Router, prefix: str, root: Router | None = None) -> Iterator[Route]:
    """The routes that FastAPI adds by itself: open to everybody, whatever the dependencies (semantics f05, f57)."""
    if app.kind != "app" or app.arguments.open:
        return
    schema = app.arguments.get("openapi_url")
    if schema is not None and is_none(schema):
        return
    for keyword, path, second in _DOCUMENTATION:
        value = app.arguments.get(keyword)
        if value is not None and is_none(value):
            continue
        given = constant(value)
        paths = [given if isinstance(given, str) else path]
        if second:
            redirect = app.arguments.get("swagger_ui_oauth2_redirect_url")
            paths += [] if redirect is not None and is_none(redirect) else [constant(redirect) or second]
        for item in paths:
            name = f"fastapi.applications.FastAPI.setup.<locals>.{keyword.removesuffix('_url')}"
            yield Route(
                root or app, app, prefix + str(item), ("GET", "HEAD"), "docs", External(name), name, None, None, [],
            )  # fmt: skip


def path_variables(path: str) -> list[str]:
    """The names of the variables in a path template."""
    return re.findall(r"{(\w+)(?::\w+)?}", path)


def taken_as(handler: Function | None, variable: str) -> str:
    """The parameter that holds a variable of the path, where it has another name: `note_id: int = Path(alias="id")`."""
    if handler is None or "Path" not in handler.module.facts.words:
        return variable
    for name, _, annotation, default, _ in handler.parameters:
        for form in walk([item for item in (annotation, default) if item is not None]):
            named = form[4] if form[0] == "call" and last_name(form[2]) == "Path" else ()
            if any(key == "alias" and value[2:] == [variable] for key, value, _ in named):
                return str(name)
    return variable


def variable_names(route: Route) -> set[str]:
    """What the variables of a route's path are called, there and by the handler and the dependencies that take them."""
    written = path_variables(route.path)
    takers = [route.function, *(node.function for node in route.nodes())] if written else []
    return {*written, *(taken_as(taker, name) for taker in takers for name in written)}
