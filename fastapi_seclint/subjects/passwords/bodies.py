"""What a request's body makes of itself to be kept: `body.as_row()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.passwords.stages import Where

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


def made_of_body(known: Passwords, block: Block, value: Form) -> tuple[Block, Form] | None:
    """What a method of a request's body returns, and its block: a display, or everything in it, `asdict(self)`."""
    if value[0] != "call" or value[2][0] != "attr" or known.requests.source(Where(block), value[2][2], 6) is None:
        return None
    for function, _ in called(known.program, block, value):
        inside = body_of(known.program, function)
        returned = [form[2] for form in inside.forms.of("return")] if inside is not None else []
        if inside is not None and len(returned) == 1 and returned[0] is not None and _is_of_itself(returned[0]):
            return inside, returned[0]
    return None


def _is_of_itself(form: Form) -> bool:
    match form:
        case ["dict", *_]:
            return True
        case ["call", _, ["attr", _, ["name", _, "self"], _], *_] | ["call", _, _, [["name", _, "self"]], []]:
            return True
    return False
