"""Routes that an application gets in one branch or the other of the same condition, and has only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi_seclint.program.routes import Route


def once(routes: Iterable[Route]) -> Iterator[Route]:
    """The routes of one application without those that repeat an earlier one and that only some condition adds."""
    seen: set[object] = set()
    for route in routes:
        asked = tuple(node.name for node in route.nodes())
        key = (route.kind, route.path, route.methods, id(route.endpoint), asked)
        if route.endpoint is None or not route.conditional or key not in seen:
            yield route
        seen.add(key)
