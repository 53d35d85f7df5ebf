"""Callers that an object keeps which a dependency makes for them: `self.me` in the methods of `Notes(me)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.owners.services import kept_caller
from fastapi_seclint.subjects.owners.using import callers_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def kept_callers(program: Program, route: Route) -> dict[int, set[str]]:
    """By the identity of a class, what its methods call the caller of a route: `self.me`, `self.user.id`.

    The part of him that is kept alone, `self.user_id`, is his identity as well.
    """
    found: dict[int, set[str]] = {}
    for node in route.dependencies:
        variables = variable_names(route)
        kept = kept_caller(program, node, callers_of(program, node), variables) if node.parameter else None
        if kept is not None:
            for base in kept.cls.lineage():
                if isinstance(base, Class):
                    found.setdefault(id(base), set()).add(kept.attribute)
    return found


def of_method(function: Function, kept: dict[int, set[str]]) -> set[str]:
    """What a method calls the caller, by the name that it has for its own object."""
    attributes = kept.get(id(function.owner), set()) if function.owner is not None and function.parameters else set()
    return {f"{function.parameters[0][0]}.{attribute}" for attribute in attributes}
