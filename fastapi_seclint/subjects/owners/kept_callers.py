"""Callers that an object keeps which a dependency makes for them: `self.me` in the methods of `Notes(me)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.owners.services import kept_caller
from fastapi_seclint.subjects.owners.using import callers_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def kept_callers(program: Program, route: Route) -> dict[int, dict[str, str]]:
    """By the identity of a class, the attributes in which its objects keep the caller of a route, or a part of him.

    The part is `.id` for `self.user_id = user.id`, and empty where he is kept himself.
    """
    found: dict[int, dict[str, str]] = {}
    for node in route.dependencies:
        variables = variable_names(route)
        kept = kept_caller(program, node, callers_of(program, node), variables) if node.parameter else None
        if kept is not None:
            for base in kept.cls.lineage():
                if isinstance(base, Class):
                    found.setdefault(id(base), {})[kept.attribute] = kept.part
    return found


def of_method(function: Function, kept: dict[int, dict[str, str]]) -> dict[str, str]:
    """What a method calls the caller, `self.me`, `self.user_id`, and which part of him that is."""
    attributes = kept.get(id(function.owner), {}) if function.owner is not None and function.parameters else {}
    return {f"{function.parameters[0][0]}.{attribute}": part for attribute, part in attributes.items()}
