"""The same answer to every registration, whether somebody has the address already or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceStatement
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.one_answer import does_more

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TITLE = "answer as if nobody had the address"
_SHOWS = re.compile(
    r"^(model_validate|model_dump|from_orm|jsonable_encoder|to_\w+|as_\w+|serialize\w*|isoformat|format|hex|get"
    r"|str|int|float|bool|dict|list|tuple|len|[A-Z]\w*)$"
)
"""Calls that only make an answer of what is there, and so need not be kept."""


def alike(program: Program, route: Route, end: Outcome) -> Fix | None:
    """The usual answer in place of the exception or answer that tells, in a handler that gives it itself.

    None where that shows the new account: it cannot be given for one that is there, and clients count on it.
    """
    handler = route.function
    if end.form[0] != ("raise" if end.kind == "raise" else "return") or handler is None:
        return None
    if end.block.function is not handler or (end.form[0] == "return" and does_more(end)):
        return None
    statements = handler.statements()
    last = statements[-1] if statements else None
    answers = [form for form in handler.forms.of("return") if form[2] is not None and form is not end.form]
    path, span = handler.module.path, span_of(end.form[1])
    if last is None or last[0] in ("raise", "if", "try", "for", "while", "with") or len(answers) > 1:
        return None
    if last is end.form:
        return None
    if last[0] != "return" or last[2] is None:
        return Fix(_TITLE, False, (ReplaceStatement(path, span, "return"),)) if not answers else None
    written = code(last[2])
    if written is None or not _is_known_before(end, last[2]):
        return None
    return Fix(_TITLE, False, (ReplaceStatement(path, span, f"return {written}"),))


def _is_known_before(end: Outcome, answer: Form) -> bool:
    """Whether an answer can be given before there is an account: no local name but those of parameters is in it."""
    scope = end.block.scope
    calls = any(form[0] in ("call", "await") and not _SHOWS.match(str(form[2][-1])) for form in walk(answer))
    return (
        isinstance(scope, FunctionScope)
        and not calls
        and not any(form[0] == "name" and scope.assignments(form[2]) for form in walk(answer))
    )
