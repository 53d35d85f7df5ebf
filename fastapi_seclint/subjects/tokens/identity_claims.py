"""Where guards take out of a token who is calling: the subject, another claim with a person's key, or all claims."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, mentions, walk
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.tokens.found_users import is_subject
from fastapi_seclint.subjects.tokens.types import read_in
from fastapi_seclint.subjects.tokens.unverified import believers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEYS = re.compile(r"^(_?id|uid|(user|account|member|customer|employee)(_?id|Id)?|user_?name|email|phone(_number)?)$")
"""Claims in which tokens without a subject say whose they are."""


def subject_of(function: Function) -> Form | None:
    """The expression that takes the subject out of the claims."""
    return next((form for form in function.forms.every if is_subject(form)), None)


def identity_of(program: Program, function: Function) -> Form | None:
    """The expression by which a reader of tokens says who is calling, where it knows no subject.

    `claims["user_id"]` of what it decoded, or the claims where it gives them back as they are.
    """
    claims = _claims(program, function)
    for form in function.forms.every if claims else ():
        match form:
            case ["sub", _, owner, ["const", _, str(key)]] | [
                "call", _, ["attr", _, owner, "get"], [["const", _, str(key)], *_], _
            ]:  # fmt: skip
                if _KEYS.match(key) and mentions(owner, claims):
                    return form
    for form in function.forms.of("return") if claims else ():
        if form[2] is not None and form[2][0] == "name" and form[2][2] in claims:
            given: Form = form[2]
            return given
    return None


def _claims(program: Program, function: Function) -> set[str]:
    """The names of what a function decodes, itself or through one that it calls."""
    block = body_of(program, function)
    itself = block is not None and read_in(program, function)
    found: set[str] = set()
    for form in function.forms.of("assign", "annassign"):
        value = awaited(form[-1]) if form[-1] is not None else None
        if block is None or value is None or value[0] != "call":
            continue
        decodes = any(
            read_in(program, inner) or (inner.module.file, inner.number) in believers(program)
            for inner, _ in called(program, block, value)
        )
        if decodes or (itself and any(item[0] == "call" and _decodes(item) for item in walk(value))):
            found |= {target[2] for target in (form[2] if form[0] == "assign" else [form[2]]) if target[0] == "name"}
    return found


def _decodes(call: Form) -> bool:
    return bool(call[2][0] == "attr" and call[2][-1] == "decode")
