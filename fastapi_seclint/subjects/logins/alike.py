"""The same answer to every registration, whether somebody has the address already or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements, RemoveKeyword, ReplaceExpression, ReplaceStatement
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.owners.identity import form_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MESSAGE = '{"message": "Your registration was received"}'
_TITLE = "answer as if nobody had the address"
_TOKEN = re.compile(r"token|session|cookie|redirect|template", re.I)
_SHOWS = re.compile(
    r"^(model_validate|model_dump|from_orm|jsonable_encoder|to_\w+|as_\w+|serialize\w*|isoformat|format|hex|get"
    r"|str|int|float|bool|dict|list|tuple|len|[A-Z]\w*)$"
)
"""Calls that only make an answer of what is there, and so need not be kept."""


def alike(program: Program, route: Route, end: Outcome) -> Fix | None:
    """The usual answer in place of the exception that tells, in a handler that raises it itself.

    An answer that shows the new account cannot be given for one that is there, so both become a plain message; None
    where the usual answer logs somebody in.
    """
    handler = route.function
    if end.kind != "raise" or end.form[0] != "raise" or handler is None or end.block.function is not handler:
        return None
    statements = handler.statements()
    last = statements[-1] if statements else None
    answers = [form for form in handler.forms.of("return") if form[2] is not None]
    path, span = handler.module.path, span_of(end.form[1])
    if last is None or last[0] in ("raise", "if", "try", "for", "while", "with") or len(answers) > 1:
        return None
    if last[0] != "return" or last[2] is None:
        return Fix(_TITLE, False, (ReplaceStatement(path, span, "return"),)) if not answers else None
    written = code(last[2])
    if written is not None and _is_known_before(end, last[2]):
        return Fix(_TITLE, False, (ReplaceStatement(path, span, f"return {written}"),))
    edits = _plain_message(route, last)
    if edits is None:
        return None
    return Fix(_TITLE, False, (ReplaceStatement(path, span, f"return {_MESSAGE}"), *edits))


def _is_known_before(end: Outcome, answer: Form) -> bool:
    """Whether an answer can be given before there is an account: no local name but those of parameters is in it."""
    scope = end.block.scope
    calls = any(form[0] in ("call", "await") and not _SHOWS.match(str(form[2][-1])) for form in walk(answer))
    return (
        isinstance(scope, FunctionScope)
        and not calls
        and not any(form[0] == "name" and scope.assignments(form[2]) for form in walk(answer))
    )


def _doing(value: Form) -> list[Form]:
    """The outermost calls in an answer that do more than to show what is there."""
    found: list[Form] = []
    for form in walk(value):
        made = form[2] if form[0] == "await" else form
        if made[0] != "call" or _SHOWS.match(last_name(made[2])):
            continue
        if not any(inner is form for outer in found for inner in walk(outer)):
            found.append(form)
    return found


def _plain_message(route: Route, last: Form) -> list[Edit] | None:
    """The edits that let a handler answer with a message, whatever it was said to answer with."""
    handler, registration, value = route.function, route.registration, last[2]
    if handler is None or registration is None:
        return None
    if any(form[0] in ("name", "attr", "const") and _TOKEN.search(str(form[-1])) for form in walk(value)):
        return None
    path = handler.module.path
    edits: list[Edit] = [ReplaceExpression(path, span_of(value[1]), _MESSAGE)]
    for kept in _doing(value):
        written = code(kept)
        if written is None:
            return None
        edits.append(InsertStatements(path, span_of(last[1]), "before", written))
    call = form_at(registration.place)
    if call is None or call[0] != "call" or registration.place.module is not handler.module:
        return None
    if any(keyword == "response_model" for keyword, _, _ in call[4]):
        edits.append(RemoveKeyword(path, span_of(call[1]), "response_model"))
    if handler.returns is not None:
        edits.append(ReplaceExpression(path, span_of(handler.returns[1]), "dict[str, str]"))
    return edits
