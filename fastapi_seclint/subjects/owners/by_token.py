"""Handlers that hand the raw token on, to what finds out whose it is and compares him with whose a thing is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, mentions, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_down
from fastapi_seclint.subjects.guards.bearer_schemes import scheme_kind
from fastapi_seclint.subjects.owners.belongings import names_owner

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def compares_by_token(program: Program, route: Route) -> bool:
    """Whether a function below a handler gets its token, makes claims of it and compares something with those.

    `claims = decode(token)` and then `claims.get("sub") != user_id`, or `Note.owner_id == claims["sub"]` in a query.
    By the column of an account, `User.email == claims["sub"]`, it is only found out who that is.
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
    if not isinstance(scope, FunctionScope):
        return False
    claims = _made_of(scope, function, tokens)
    others = {item[0] for item in function.parameters} - tokens - {"self", "cls"}
    others |= _made_of(scope, function, others) - _made_of(scope, function, claims | tokens)
    compared = [form for form in function.forms.of("compare") if form[3] in (["=="], ["!="])] if claims else []
    pairs = ((one, other) for form in compared for one, other in ((form[2], *form[4]), (*form[4], form[2])))
    return any(_says_who(one, claims) and _is_owner(other, others) for one, other in pairs)


def _says_who(form: Form, claims: set[str]) -> bool:
    """Whether an expression is the claims' word for who is calling, `claims.get("sub")`, not what else they say."""
    said = [str(item[2]) for item in walk(form) if item[0] == "const"]
    said += [str(item[3]) for item in walk(form) if item[0] == "attr" and item[3] != "get"]
    return mentions(form, claims) and (not said or any(map(_WHO.search, map(snake, said))))


_WHO = re.compile(r"(^|_)(id|uid|sub|subject|user|username|email|login|owner|account|name|oid)$")


def _is_owner(form: Form, handed: set[str]) -> bool:
    """Whether an expression is of whom a thing belongs to, or of what the function is handed besides the token."""
    return mentions(form, handed) or any(item[0] == "attr" and names_owner(item[3]) for item in walk(form))


def _made_of(scope: FunctionScope, function: Function, tokens: set[str]) -> set[str]:
    """The local names that are given what a call makes of the token."""
    names = {form[2][0][2] for form in function.forms.of("assign") if len(form[2]) == 1 and form[2][0][0] == "name"}
    return {name for name in names if any(_is_of(item, tokens) for item in scope.assignments(name))}


def _is_of(assignment: Form, tokens: set[str]) -> bool:
    value = awaited(assignment[3]) if assignment[0] == "assign" else assignment
    return value[0] == "call" and mentions(value[3], tokens)
