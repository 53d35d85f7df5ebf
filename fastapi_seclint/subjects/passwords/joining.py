"""Digests that a caller joins with their salt: a slow hash has its own, so that it stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.rendering import rendered

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords
    from fastapi_seclint.subjects.passwords.stages import Text


def joined_by_callers(known: Passwords, text: Text) -> list[Edit] | None:
    """The edits that take a helper's digest out of what callers join it with; None where that cannot be done."""
    function = text.block.function
    edits: list[Edit] = []
    for block, call, _, sure in known.requests.callers.of(function) if function is not None else ():
        whole = _joined(block, call) if sure else None
        if whole is None:
            continue
        code = rendered(call)
        if code is None or _is_compared(block, whole):
            return None
        edits.append(ReplaceExpression(block.module.path, span_of(whole[1]), code))
    return edits


def _joined(block: Block, call: Form) -> Form | None:
    """The text that a call is a part of: `f"{salt}${digest(password, salt)}"`, `salt + digest(password, salt)`."""
    for form in block.forms.of("fstr", "binop"):
        parts = form[2] if form[0] == "fstr" else form[3:]
        inside = [part[2] if part[0] == "fmt" else part for part in parts]
        if len(inside) > 1 and any(part is call for part in inside):
            return form
    return None


def _is_compared(block: Block, whole: Form) -> bool:
    return any(any(item is whole for item in walk(form)) for form in block.forms.of("compare"))
