"""Handlers that look at their caller only where one field of the body is sent: whoever leaves it out is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.uses import asks_the_request

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asks_for_one_field_only(program: Program, route: Route) -> bool:
    """Whether a handler has its caller and looks at him in branches alone that a field of the body opens.

    `if data.role: ...` and its 403 say nothing of a change that names no role.
    """
    handler = route.function
    if handler is None or route.endpoint is None or asks_the_request(handler):
        return False
    callers = caller_names(program, route)
    read = [form[1] for form in handler.forms.of("name") if form[2] in callers]
    bodies = {
        parameter.name
        for parameter in parameters(route.endpoint)
        if parameter.name not in callers and any(name != parameter.name for name in access.names_in(program, parameter))
    }
    inside = list(_opened_by(handler, bodies)) if read and bodies else []
    return bool(inside) and all(any(holds(branch, at) for branch in inside) for at in read)


def _opened_by(handler: Function, bodies: set[str]) -> Iterator[int]:
    """The places of the statements that only run where a body has a certain field."""
    for form in handler.forms.of("if"):
        if _is_of_field(form[2], bodies):
            yield from (statement[1] for statement in form[3])
        elif form[2][0] == "bool" and form[2][2] == "and" and any(_is_sent(one, bodies) for one in form[2][3][:1]):
            yield from (asked[1] for asked in form[2][3][1:])


def _is_sent(test: Form, bodies: set[str]) -> bool:
    """Whether a condition is about a field of the body alone, or about which of them were sent."""
    told = any(
        inner[0] == "attr" and inner[3] in _FIELDS_SENT and inner[2][0] == "name" and inner[2][2] in bodies
        for inner in walk(test)
    )
    return told or _is_of_field(test, bodies)


_FIELDS_SENT = frozenset({"model_fields_set", "__fields_set__"})
"""How a model of pydantic tells which of its fields were sent."""


def _is_of_field(test: Form, bodies: set[str]) -> bool:
    """`data.role`, `data.role is not None`: a condition in which nothing but a field of the body is named."""
    match test:
        case ["compare", _, inner, ["is not" | "!="], [["const", _, None]]]:
            return _is_of_field(inner, bodies)
        case ["attr", _, ["name", _, name], _]:
            return name in bodies
        case ["bool", _, "and", values]:
            names = names_in(values)
            return names <= bodies and any(_is_of_field(value, bodies) for value in values)
    return False
