"""Giving the parameter of a dependency the name of the path's variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, mentions, span_of, walk
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.code.named_answers import form_at
from fastapi_seclint.subjects.code.origins import callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def renamed(program: Program, node: Node, parameter: Parameter, variable: str) -> Fix | None:
    """The parameter renamed in the signature and the body, when every route that depends on it has that variable."""
    function = node.runs
    if function is None or function.number < 0 or not _fits_everywhere(program, function, parameter.name, variable):
        return None
    statements = function.statements()
    inside = bool(function.module.facts.inside(function.number))
    if inside or mentions(statements, {variable}) or any(item[0] == variable for item in function.parameters):
        return None
    if any(form[0] == "fstr" and mentions(form, {parameter.name}) for form in walk(statements)):
        return None
    for _, call, _ in callers(program, function):
        if any(keyword == parameter.name for keyword, _, _ in call[4]):
            return None
    path, start = function.module.path, span_of(parameter.place.at)
    places = [Span(start.line, start.column, start.line, start.column + len(parameter.name))]
    places += [span_of(form[1]) for form in walk(statements) if form[0] == "name" and form[2] == parameter.name]
    edits: tuple[Edit, ...] = tuple(ReplaceExpression(path, place, variable) for place in dict.fromkeys(places))
    return Fix(f"check the id of the path: call the parameter `{variable}`", False, edits)


def path_renamed(program: Program, route: Route, variable: str, name: str) -> Fix | None:
    """The path's variable called as the dependency calls it, in the path and in the handler of this route alone."""
    handler, registration = route.function, route.registration
    if handler is None or registration is None or handler.number < 0 or registration.place.module is not handler.module:
        return None
    routes = [other for other in program.routes if other.function is handler]
    written = _path_of(form_at(registration.place))
    if len(routes) != 1 or written is None or f"{{{variable}}}" not in written[2] or _names_paths(program):
        return None
    statements, module = handler.statements(), handler.module
    taken = mentions(statements, {name}) or any(item[0] == name for item in handler.parameters)
    if taken or module.facts.inside(handler.number) or any(form[0] == "fstr" for form in walk(statements)):
        return None
    text = str(written[2]).replace(f"{{{variable}}}", f"{{{name}}}")
    edits: list[Edit] = [ReplaceExpression(module.path, span_of(written[1]), f'"{text}"')]
    for parameter in parameters(route.endpoint) if route.endpoint is not None else ():
        if parameter.name == variable:
            start = span_of(parameter.place.at)
            places = [Span(start.line, start.column, start.line, start.column + len(variable))]
            places += [span_of(form[1]) for form in walk(statements) if form[0] == "name" and form[2] == variable]
            edits += [ReplaceExpression(module.path, place, name) for place in dict.fromkeys(places)]
    return Fix(f"check the id of the path: call its variable `{name}`", False, tuple(edits))


def _path_of(call: Form | None) -> Form | None:
    """The path that a registration is given as a constant."""
    if call is None or call[0] != "call":
        return None
    given = [*call[3][:1], *(value for keyword, value, _ in call[4] if keyword == "path")]
    return next((form for form in given if form[0] == "const" and isinstance(form[2], str)), None)


def _names_paths(program: Program) -> bool:
    """Whether a file makes addresses by the names of the paths' variables."""
    words = {"url_for", "url_path_for", "path_params"}
    return any(module.facts.words & words for module in program.modules.by_file.values())


def _fits_everywhere(program: Program, function: Function, name: str, variable: str) -> bool:
    """Whether each route that depends on the function has the variable in its path, and none has the old name."""
    own = (function.module.file, function.number)
    for route in program.routes:
        for node in route.nodes():
            same = node.runs is not None and (node.runs.module.file, node.runs.number) == own
            if same and any(item.name == name for item in parameters(node.call)):
                variables = path_variables(route.path)
                if name in variables or variable not in variables:
                    return False
    return True
