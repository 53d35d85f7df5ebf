"""What a handler does with the password that it is sent, whatever the route is called: it hashes or verifies it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.passwords.followed import passwords

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def by_work(program: Program, handler: Function) -> Literal["login", "registration"] | None:
    """A login verifies a password, a registration hashes one (guide, section 2); None for what does neither."""
    block = body_of(program, handler)
    if block is None:
        return None
    known = passwords(program)
    if any(known.is_verification(block, call) for call in block.forms.of("call")):
        return "login"
    return "registration" if known.hashes(block) else None
