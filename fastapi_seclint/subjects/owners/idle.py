"""Guards that check nothing: they let everybody pass without an id that neither the path nor the handler has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function, is_none

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NAMES_ONE = re.compile(r"(^|_)(id|uid|uuid|guid|pk|slug|key|code|number|name)$")


def idle_guards(program: Program, route: Route) -> Iterator[tuple[Node, Parameter]]:
    """The dependencies beside a handler that refuse by an id only when the client sends one in the query.

    A list is filtered afterwards and takes no id; where the handler calls the guard by itself, it gives it the id.
    """
    handler, variables = route.function, path_variables(route.path)
    if handler is None or not any(_NAMES_ONE.search(snake(name)) for name in variables):
        return
    own = {parameter.name for parameter in parameters(handler)} | set(variables)
    called = {form[2] for form in handler.forms.of("name")}
    for node in route.dependencies:
        function = node.function
        if node.parameter or function is None or function.name in called or not function.forms.of("raise"):
            continue
        asked = parameters(node.call)
        if any(parameter.name in variables for parameter in asked):
            continue
        for parameter in asked:
            if parameter.name not in own and _is_optional(parameter) and _lets_pass(function, parameter.name):
                yield node, parameter


def _is_optional(parameter: Parameter) -> bool:
    default = parameter.default
    nothing = default is not None and is_none(default)
    return nothing and _NAMES_ONE.search(snake(parameter.name)) is not None


def _lets_pass(function: Function, name: str) -> bool:
    """Whether a function begins with `if name is None: return`."""
    first = next((form for form in function.statements() if form[0] != "expr"), None)
    match first:
        case ["if", _, ["compare", _, ["name", _, tested], ["is"], [["const", _, None]]], [["return", _, given]], _]:
            return tested == name and _is_nothing(given)
        case ["if", _, ["unary", _, "not", ["name", _, tested]], [["return", _, given]], _]:
            return tested == name and _is_nothing(given)
    return False


def _is_nothing(form: Form | None) -> bool:
    return form is None or (form[0] == "const" and form[2] in (None, True))
