"""Abstract values that stand for others: methods of an object, partial calls, types, dependencies, decorators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi_seclint.program.modules import Module
    from fastapi_seclint.program.values.classes import Arguments, Class, Instance, Place, Value


@dataclass(slots=True, eq=False)
class Bound:
    """A method together with the object it belongs to."""

    receiver: Value
    function: Value


@dataclass(slots=True, eq=False)
class Native:
    """A method of a library object that the model knows: `router.include_router`, `list.append`."""

    receiver: Value
    name: str


@dataclass(slots=True, eq=False)
class Super:
    """`super()` inside a method of `owner`."""

    owner: Class
    receiver: Value


@dataclass(slots=True, eq=False)
class ModuleValue:
    """A module of the project."""

    module: Module


@dataclass(slots=True, eq=False)
class Partial:
    """`functools.partial(function, ...)`; a `method` of a class gets the object first (`partialmethod`)."""

    function: Value
    arguments: Arguments
    place: Place | None = None
    method: bool = False


@dataclass(slots=True, eq=False)
class Annotated:
    """`Annotated[base, *metadata]`."""

    base: Value
    metadata: list[Value]
    place: Place | None = None


@dataclass(slots=True, eq=False)
class Generic:
    """A subscripted type that is not Annotated: `Optional[X]`, `list[X]`, `X | None`."""

    origin: str
    members: list[Value]
    place: Place | None = None


@dataclass(slots=True, eq=False)
class Dependency:
    """`Depends(...)` or `Security(...)`; `call` is None when the annotation names the callable."""

    call: Value | None
    scopes: Value | None
    arguments: Arguments
    place: Place | None = None


@dataclass(slots=True, eq=False)
class RouteDecorator:
    """`router.get("/path", ...)`: applied to a function it registers a route."""

    receiver: Instance
    method: str
    arguments: Arguments
    place: Place
