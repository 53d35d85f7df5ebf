"""Status codes that functions are told, as a stranger's request meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.kinds import REFUSED, Kinds
from fastapi_seclint.program.stranger_libraries import is_refusing
from fastapi_seclint.program.values import constant

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def told_codes(
    walk_: Walk, form: Form, given: list[Kinds], named: list[tuple[str | None, Kinds]]
) -> tuple[list[Kinds], list[tuple[str | None, Kinds]]]:
    """The kinds of what a call is given, where a function that answers is told the status: `failed(401, "no")`."""
    if not any(_is_number(walk_, value) for value in (*form[3], *(value for _, value, _ in form[4]))):
        return given, named
    codes = {name for name, value, _ in form[4] if _is_number(walk_, value) and is_refusing(walk_, value)}
    told = [
        REFUSED if _is_number(walk_, value) and is_refusing(walk_, value) else kinds
        for value, kinds in zip(form[3], given, strict=False)
    ]
    return [*told, *given[len(told) :]], [(name, REFUSED if name in codes else kinds) for name, kinds in named]


def _is_number(walk_: Walk, form: Form) -> bool:
    if form[0] == "const":
        return type(form[2]) is int
    return form[0] in ("name", "attr") and type(constant(walk_.value(form))) is int
