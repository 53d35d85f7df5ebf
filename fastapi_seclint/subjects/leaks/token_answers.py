"""Answers of a token endpoint, known by the tokens that are taken out of them (RFC 6749, section 5.1)."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block

_TOKENS = ("access_token", "refresh_token", "id_token")


def token_inside(block: Block, name: str) -> str:
    """The token that a function takes out of what a local name holds of another server's answer, or nothing.

    `answer = requests.post(...).json()`, and then `answer["access_token"]`: the answer as a whole has it in it.
    """
    scope = block.scope
    given = scope.assignments(name) if isinstance(scope, FunctionScope) else []
    if not given or not all(form[0] in ("assign", "annassign") and _is_answer(form[-1]) for form in given):
        return ""
    return next((key for form in block.forms.of("call", "sub") if (key := _taken(form, name)) in _TOKENS), "")


def _is_answer(form: Form | None) -> bool:
    while form is not None and form[0] == "await":
        form = form[2]
    return form is not None and form[0] == "call" and form[2][0] == "attr" and form[2][3] == "json"


def _taken(form: Form, name: str) -> str:
    match form:
        case ["call", _, ["attr", _, ["name", _, owner], "get" | "pop"], [["const", _, str() as key], *_], _]:
            return key if owner == name else ""
        case ["sub", _, ["name", _, owner], ["const", _, str() as key]]:
            return key if owner == name else ""
    return ""
