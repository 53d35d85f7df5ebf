"""Ids of a body that a handler works with, while a dependency of the same route asks for one of that name elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.owners.records import classes_in, field_names

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def acted_on(program: Program, route: Route, variables: list[str]) -> Iterator[tuple[Node, Parameter, str]]:
    """The dependencies that take an id from the query, with the field of the body by the same name that is used.

    FastAPI takes a parameter of a dependency that is no variable of the path and no model from the query.
    """
    handler = route.function
    if handler is None or route.endpoint is None or not {"POST", "PUT", "PATCH", "DELETE"} & set(route.methods):
        return
    used = {
        (form[2][2], form[3]) for form in handler.forms.of("attr") if form[2][0] == "name" and form[3].endswith("id")
    }
    bodies = {item.name: _fields(program, item) for item in parameters(route.endpoint)} if used else {}
    named = {field for name, fields in bodies.items() for field in fields if (name, field) in used}
    own = {item.name for item in parameters(route.endpoint)}
    for node in route.nodes(alternatives=False) if named else ():
        for parameter in parameters(node.call):
            asked = parameter.name in named and parameter.name not in own and parameter.name not in variables
            if asked and parameter.default is None and not _fields(program, parameter):
                yield node, parameter, parameter.name


def _fields(program: Program, parameter: Parameter) -> list[str]:
    """The fields of a parameter that a body fills; none for what a dependency fills."""
    if program.walker.resolver.dependency_of(parameter) is not None:
        return []
    base = program.walker.resolver.type_of(parameter)
    return [name for cls in classes_in(base) for name in field_names(cls)]
