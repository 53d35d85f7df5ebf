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
    if any(id(function) in losing for function in functions if function is not None):
        return True
    written = [node.written for node in route.nodes() if node.written is not None]
    return any((place.module.file, place.at) in places for place in written)


@lru_cache(maxsize=1)
def _known(program: Program) -> tuple[set[int], set[tuple[object, int]]]:
    """The functions, by identity, that lose a dependency, and the places of `Depends(...)` that name a factory."""
    losing = {id(consumer.function) for consumer, _ in lost(program)}
    return losing, {(call.block.module.file, call.form[1]) for call, _, _ in uncalled(program)}
