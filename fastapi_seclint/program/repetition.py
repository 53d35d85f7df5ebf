"""Routes that an application gets in one branch or the other of the same condition, and has only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Bound, External, Value, iterate, string

if TYPE_CHECKING:
    from fastapi_seclint.program.dependencies import Node
    from fastapi_seclint.program.routes import Route


def once(routes: Iterable[Route]) -> Iterator[Route]:
    """The routes of one application without those that repeat an earlier one and that only some condition adds."""
    seen: set[object] = set()
    for route in routes:
        asked = tuple(_asked(node) for node in route.nodes())
        around = (id(route.app), *(id(mount.app) for mount in route.mounts))
        key = (route.kind, route.path, route.methods, id(route.endpoint), around, asked)
        if route.endpoint is None or not route.conditional or key not in seen:
            yield route
        seen.add(key)


def _asked(node: Node) -> tuple[object, ...]:
    """What tells a dependency apart: guards of one factory have the same name, and may ask for different things."""
    call, scopes = node.call, node.dependency.scopes
    if isinstance(call, Bound):
        return (node.name, id(call.function), id(call.receiver), _written(scopes))
    return (node.name, "" if isinstance(call, External) and call.arguments is None else id(call), _written(scopes))


def _written(scopes: Value | None) -> object:
    """The scopes of a `Security(...)`, by their texts where all are known."""
    texts = [string(item) for item in iterate(scopes) or ()] if scopes is not None else []
    return id(scopes) if scopes is not None and (not texts or None in texts) else tuple(texts)
