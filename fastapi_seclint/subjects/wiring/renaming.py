"""Giving the parameter of a dependency the name of the path's variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.dependencies import Node, Parameter, parameters
from fastapi_seclint.program.routes import path_variables
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.code.origins import callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def renamed(program: Program, node: Node, parameter: Parameter, variable: str) -> Fix | None:
    """The parameter renamed in the signature and the body, when every route that depends on it has that variable."""
    function = node.function
    if function is None or function.number < 0 or not _fits_everywhere(program, function, parameter.name, variable):
        return None
    statements = function.statements()
    inside = bool(function.module.facts.inside(function.number))
    if inside or _mentions(statements, variable) or any(item[0] == variable for item in function.parameters):
        return None
    if any(form[0] == "fstr" and _mentions([form], parameter.name) for form in walk(statements)):
        return None
    for _, call, _ in callers(program, function):
        if any(keyword == parameter.name for keyword, _, _ in call[4]):
            return None
    path, start = function.module.path, span_of(parameter.place.at)
    places = [Span(start.line, start.column, start.line, start.column + len(parameter.name))]
    places += [span_of(form[1]) for form in walk(statements) if form[0] == "name" and form[2] == parameter.name]
    edits: tuple[Edit, ...] = tuple(ReplaceExpression(path, place, variable) for place in dict.fromkeys(places))
    return Fix(f"check the id of the path: call the parameter `{variable}`", False, edits)


def _mentions(statements: list[Form], name: str) -> bool:
    return any(form[0] == "name" and form[2] == name for form in walk(statements))


def _fits_everywhere(program: Program, function: Function, name: str, variable: str) -> bool:
    """Whether each route that depends on the function has the variable in its path, and none has the old name."""
    for route in program.routes:
        for node in route.nodes():
            if node.function is function and any(item.name == name for item in parameters(node.call)):
                variables = path_variables(route.path)
                if name in variables or variable not in variables:
                    return False
    return True
