"""Routes that have a guard which never runs because of how it is wired: other rules tell that at the guard."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.wiring.factories import uncalled
from fastapi_seclint.subjects.wiring.lost import lost

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def is_unwired(program: Program, route: Route) -> bool:
    """Whether a guard is written for a route and lost: a factory that is not called, a parameter without `Depends`."""
    losing, places = _known(program)
    functions = [route.function, *(node.function for node in route.nodes())]
    view = route.function.owner if route.function is not None else None
    if any(id(item) in losing for item in (*functions, view) if item is not None):
        return True
    written = [node.written for node in route.nodes() if node.written is not None]
    return any((place.module.file, place.at) in places for place in written)


@lru_cache(maxsize=1)
def _known(program: Program) -> tuple[set[int], set[tuple[object, int]]]:
    """The functions and views, by identity, that lose a dependency, and the `Depends(...)` that name a factory."""
    losing: set[int] = set()
    for consumer, _ in lost(program):
        own = {parameter[0] for parameter in consumer.function.parameters}
        is_views = consumer.function.owner is not None and consumer.parameter.name not in own
        losing.add(id(consumer.function.owner if is_views else consumer.function))
    return losing, {(call.block.module.file, call.form[1]) for call, _, _ in uncalled(program)}
