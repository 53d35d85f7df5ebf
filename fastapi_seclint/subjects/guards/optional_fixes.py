"""Fixes for routes that take an optional user: a refusal where there is nobody, or the guard that refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program import credentials
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.bearer_schemes import JWT_AUTH
from fastapi_seclint.subjects.guards.demanding import asked_for, demanded, found_or_refused
from fastapi_seclint.subjects.guards.fixes import instead_of_schemes
from fastapi_seclint.subjects.guards.found_users import lookups
from fastapi_seclint.subjects.guards.given_objects import (
    may_be_nobody,
    nobody_test,
    refuses_only_what_is_sent,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def refused_for_nobody(program: Program, ways: list[tuple[Route, Node]]) -> Fix | None:
    """The project's own guard, for a scheme alone in a list of dependencies; else a refusal where nobody is."""
    route, node = ways[0]
    if isinstance(node.call, External) and JWT_AUTH.match(node.call.name) and route.function is not None:
        return _required(route.function)
    if node.parameter and route.function is not None:
        missing = program.guard_model.dependencies.encounter(node.call, Stranger(False))
        if verdict(missing) == "passes":
            test = nobody_test(program, node)
            return demanded(route.function, node.parameter, test) if test is not None else None
        found = lookups(node.function) if node.function is not None else []
        return found_or_refused(node.function, found) if node.function is not None and found else None
    if not node.parameter and (filled := _filled_in(program, node)) is not None:
        return filled
    if node.function is not None and (asked := refuses_only_what_is_sent(program, node, route)):
        return asked_for(node.function, asked)
    if any(node.parameter or scheme_of(node.call) is None for _, node in ways):
        return None
    routes = [route for route, _ in ways]
    return instead_of_schemes(program, routes, any(access.is_admin_like(route.path) for route in routes))


def _filled_in(program: Program, node: Node) -> Fix | None:
    """The test that a guard in a list is named after, `require_login(user=Depends(maybe_user))`, and lacks."""
    function = node.function
    if function is None or not credentials.names_guardian(function.name):
        return None
    for child in node.children:
        if child.parameter and may_be_nobody(program, child):
            test = nobody_test(program, child)
            return demanded(function, child.parameter, test) if test is not None else None
    return None


def _required(handler: Function) -> Fix:
    """`jwt_required()` in place of `jwt_optional()`."""
    asked = [form[2] for form in handler.forms.of("call") if form[2][0] == "attr" and form[2][3] == "jwt_optional"]
    edits = tuple(ReplaceExpression(handler.module.path, span_of(at[1]), f"{at[2][2]}.jwt_required") for at in asked)
    return Fix("refuse whoever sends no token: `jwt_required()`", False, edits)
