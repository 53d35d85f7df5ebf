"""What the project tells FastAPI: applications and routers with everything registered on them, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import (
    Arguments,
    Collection,
    External,
    Instance,
    Place,
    Value,
    constant,
    options,
)

HTTP_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(slots=True, eq=False)
class Registration:
    """One call that adds a route. `inherited` are the router's own dependencies when the call ran (semantics f03).

    `kind` is http, websocket or raw (Starlette routes, which never get dependencies, f09). `conditions` are the
    undecided tests around the call; `decorated` counts the handler's decorators below the route's: only those wrap
    what is served. `made` tells that the router was given a route that was made elsewhere, `routes=[APIRoute(...)]`.
    """

    kind: str
    path: Value
    methods: tuple[str, ...] | None
    endpoint: Value
    inherited: tuple[Value, ...]
    arguments: Arguments
    place: Place
    conditional: bool = False
    conditions: tuple[Form, ...] = ()
    decorated: int = 0
    made: bool = False

    @property
    def takes_prefix(self) -> bool:
        """Whether the router's own prefix is put before the path: only its methods that add routes do that."""
        return not self.made and not self.kind.startswith("raw")

    @property
    def dependencies(self) -> Value | None:
        """The `dependencies=` argument of the decorator or call."""
        return self.arguments.get("dependencies") if self.kind != "raw" else None


@dataclass(slots=True, eq=False)
class Include:
    """One `include_router` call. `inherited` are the parent's own dependencies when the call ran (f04).

    `adopted`: the router was not followed to this call; nothing else includes it and this call includes something
    unknown, perhaps with guards that other calls have. `called`: where the function is called that this call stands in.
    """

    router: Value
    prefix: Value
    dependencies: Value | None
    inherited: tuple[Value, ...]
    arguments: Arguments
    place: Place
    conditional: bool = False
    adopted: bool = False
    conditions: tuple[Form, ...] = ()
    called: Place | None = None


@dataclass(slots=True, eq=False)
class Mount:
    """A mounted application, static folder or host; dependencies of the parent do not reach it (f06).

    `layers` are the middleware that was put around it for this mount, outermost first.
    """

    path: Value
    app: Value
    place: Place
    conditional: bool = False
    layers: list[Layer] = field(default_factory=list)
    conditions: tuple[Form, ...] = ()


@dataclass(slots=True, eq=False)
class Layer:
    """One middleware: a class with its arguments, or a function of `@app.middleware("http")`.

    `conditional`: the default configuration does not add it, or that cannot be said; `switched_off`: it does not.
    `receiver` is the object whose method the function is.
    """

    what: Value
    arguments: Arguments
    place: Place
    function: bool = False
    conditional: bool = False
    switched_off: bool = False
    receiver: Value | None = None


Entry = Registration | Include | Mount


@dataclass(slots=True, eq=False)
class Router:
    """An application (`app`), a FastAPI router (`router`) or something of plain Starlette (`starlette`).

    `source` is the application whose routes another one serves in its place.
    """

    kind: str
    arguments: Arguments
    place: Place
    prefix: Value
    dependencies: Collection
    instance: Instance | None = None
    entries: list[Entry] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    made_in: str = ""
    conditional: bool = False
    source: Router | None = None

    def inherited(self) -> tuple[Value, ...]:
        """A copy of the dependencies as they are now."""
        return tuple(self.dependencies.items)


def strings(value: Value | None) -> tuple[str, ...] | None:
    """The strings of a list of known strings, or None when it is not one."""
    for option in options(value):
        if isinstance(option, Collection) and not option.open:
            found = [_plain(item) for item in option.items]
            if all(isinstance(item, str) for item in found):
                return tuple(str(item) for item in found)
    return None


def _plain(value: Value) -> object:
    """The constant that a value is; a member of an enumeration counts as what it stands for."""
    if isinstance(value, Instance) and "value" in value.attributes:
        return constant(value.attributes["value"])
    if isinstance(value, External) and value.name.startswith("http.HTTPMethod."):
        return value.name.rpartition(".")[2]
    return constant(value)


def native(value: Value | None) -> Iterator[Instance]:
    """The routers and applications that a value may be."""
    for option in options(value):
        if isinstance(option, Instance) and option.native is not None:
            yield option
