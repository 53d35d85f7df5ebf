"""Guards that know several ways of logging in, and what they ask on one of them only."""

from __future__ import annotations

from functools import cache

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.credentials import names_credential
from fastapi_seclint.program.values import Function


@cache
def called_on_one_way(function: Function) -> frozenset[int]:
    """Where a function calls what only callers with one kind of credential meet, as offsets of the calls.

    `if token.startswith("sk-"): return by_api_key(token)`: who comes with the other kind is answered further below, and
    what `by_api_key` asks of rights says nothing of him.
    """
    answers = [form[1] for form in function.forms.of("return") if form[2] is not None]
    found: set[int] = set()
    for form in function.forms.of("if"):
        if not form[3] or form[3][-1][0] != "return" or not _is_about_credential(form[2]):
            continue
        inside = {inner[1] for inner in walk(form[3])}
        if any(answer not in inside for answer in answers):
            found |= {inner[1] for inner in walk(form[3]) if inner[0] == "call"}
    return frozenset(found)


def _is_about_credential(test: Form) -> bool:
    return any(inner[0] in ("name", "attr") and names_credential(str(inner[-1])) for inner in walk(test))
