"""Passwords that a project verifies by hand: what a slow function of hashlib makes of one is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_SLOW = frozenset({"scrypt", "pbkdf2_hmac"})


def compares_slow(known: Passwords, block: Block, calls: list[Form]) -> bool:
    """Whether a block compares what `hashlib.scrypt` or `pbkdf2_hmac` makes of a password, here or in a function."""
    compared = any(last_name(form[2]) == "compare_digest" for form in calls)
    return compared and bool(_SLOW & block.module.facts.words) and known.hashes(block)


def hashes_for(known: Passwords, function: Function) -> Function | None:
    """The function that makes the hashes which another one compares, where a text is all that it needs."""
    block = body_of(known.program, function)
    if block is None or not compares_slow(known, block, block.forms.of("call")):
        return None
    for form in block.forms.of("call"):
        for found, _ in called(known.program, block, form):
            made = known.returned(found)
            needed = [parameter for parameter in found.parameters if parameter[3] is None]
            if made is not None and made.kind == "hash" and len(needed) == 1 and found.owner is None:
                return found
    return None
