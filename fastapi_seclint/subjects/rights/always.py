"""Conditions that only look as if they asked something: a text stands where a second comparison was meant."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function


def always_passing(function: Function) -> Iterator[Form]:
    """The conditions that every caller passes, with their parts: `if me.role == "admin" or "lead":` is always so."""
    for form in function.forms.of("if", "ifexp"):
        raises = form[0] == "if" and any(item[0] == "raise" for item in form[3])
        test = form[2][3] if form[2][0] == "unary" and form[2][2] == "not" else form[2]
        if raises is not (test is form[2]) and _is_always_so(test):
            yield form
            yield from walk(form[2])


def _is_always_so(test: Form) -> bool:
    match test:
        case ["bool", _, "or", items]:
            return any(item[0] == "const" and isinstance(item[2], str) and item[2] for item in items[1:])
    return False
