"""The fix of a missing check of ownership that depends on the check which the routes beside it depend on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import line_of
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.guards.fixes import depending
from fastapi_seclint.subjects.owners.uses import uses
from fastapi_seclint.subjects.owners.using import callers_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def depended(program: Program, route: Route, variable: str) -> Fix | None:
    """`dependencies=[Depends(check)]` with the one check of ownership that other routes of the same thing have."""
    registration = route.registration
    if registration is None or route.kind != "http":
        return None
    module, line = registration.place.module, line_of(registration.place.at)
    found: dict[str, Function] = {}
    for other in program.routes:
        if other is not route and _before(other.path) == _before(route.path):
            found.update((check.name, check) for check in _checks(program, other, variable))
    here = [
        check
        for name, check in found.items()
        if check.module is module and module.scope.find(name) is check and line_of(check.at) < line
    ]
    added = depending(registration.place, here[0].name, ()) if len(here) == len(found) == 1 else ()
    return Fix(f"depend on {here[0].name}, as the routes beside it do", False, added) if added else None


def _before(path: str) -> str:
    """The part of a path before its first variable."""
    return path.partition("{")[0]


def _checks(program: Program, route: Route, variable: str) -> Iterator[Function]:
    """The dependencies of a route that take the id of its path, know the caller and refuse."""
    for node in route.nodes():
        function = node.function
        if function is not None and _takes(program, node, variable) and function.forms.of("raise"):
            callers = callers_of(program, node)
            if callers and uses(function, callers) and node.runs is not None:
                yield node.runs


def _takes(program: Program, node: Node, variable: str) -> bool:
    """Whether a dependency takes a variable of the path, and nothing else that the client gives."""
    plain = [item.name for item in parameters(node.call) if program.walker.resolver.dependency_of(item) is None]
    return plain == [variable]
