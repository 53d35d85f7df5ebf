"""Handlers that hand the raw token on, to what finds out whose it is and compares him with whose a thing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, mentions
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_down
from fastapi_seclint.subjects.guards.bearer_schemes import scheme_kind

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def compares_by_token(program: Program, route: Route) -> bool:
    """Whether a function below a handler gets its token, makes claims of it and compares something with those.

    `claims = decode(token)` and then `claims.get("sub") != user_id`, or `Note.owner_id == claims["sub"]` in a query.
    """
    handler = route.function
    tokens = {node.parameter for node in route.dependencies if node.parameter and scheme_kind(node.call)}
    if handler is None or not tokens:
        return False
    for handed in handed_down(program, handler, tokens, 2):
        if any(_compares_claims(program, function, given) for function, given in handed):
            return True
    return False


def _compares_claims(program: Program, function: Function, tokens: set[str]) -> bool:
    scope = program.sites.scope(function.module, function.number)
    claims = _made_of(scope, function, tokens) if isinstance(scope, FunctionScope) else set()
    compared = ((form[2], *form[4]) for form in function.forms.of("compare") if form[3] in (["=="], ["!="]))
    return bool(claims) and any(
        any(mentions(side, claims) for side in sides) and all(side[0] != "const" for side in sides)
        for sides in compared
    )


def _made_of(scope: FunctionScope, function: Function, tokens: set[str]) -> set[str]:
    """The local names that are given what a call makes of the token."""
    names = {form[2][0][2] for form in function.forms.of("assign") if len(form[2]) == 1 and form[2][0][0] == "name"}
    return {name for name in names if any(_is_of(item, tokens) for item in scope.assignments(name))}


def _is_of(assignment: Form, tokens: set[str]) -> bool:
    value = awaited(assignment[3]) if assignment[0] == "assign" else assignment
    return value[0] == "call" and mentions(value[3], tokens)
