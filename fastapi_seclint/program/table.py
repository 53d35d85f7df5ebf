"""The route table as plain data: what `seclint routes` prints and what rules and people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi_seclint.spans import Location

Kind = Literal["http", "websocket", "mount", "static", "docs", "raw"]
Protection = Literal["protected", "open", "public", "unknown"]

PROTECTIONS: tuple[Protection, ...] = ("protected", "open", "public", "unknown")


@dataclass(frozen=True, slots=True)
class AppRow:
    """An application: `module:name`, or `module:function()` when a function makes it."""

    name: str
    location: Location


@dataclass(frozen=True, slots=True)
class Guards:
    """Names of the guards of a route by what they do."""

    authentication: tuple[str, ...] = ()
    authorization: tuple[str, ...] = ()
    rate_limit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One (application, include path, path, methods).

    `location` is the `def` line of the handler, or None for what a library serves. `dependencies` are the flattened
    callables that FastAPI would run, in its order. `reason` says why a route is unknown or public, else it is empty.
    """

    app: str
    path: str
    methods: tuple[str, ...]
    kind: Kind
    endpoint: str
    location: Location | None
    dependencies: tuple[str, ...]
    guards: Guards
    protection: Protection
    included_through: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Something the model could not follow, and why."""

    location: Location
    reason: str


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All routes of a project, sorted by app, path and method, and what could not be resolved."""

    apps: tuple[AppRow, ...]
    routes: tuple[RouteRow, ...]
    unresolved: tuple[Unresolved, ...]
