"""Where a program makes fast digests of passwords."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.passwords.digests import harmless
from fastapi_seclint.subjects.passwords.stages import Text

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_DIGESTS = (b"hash", b"digest", b"crypt", b"md5", b"sha", b"blake", b"hmac")


def digested(known: Passwords) -> Iterator[tuple[Block, Text]]:
    """Where passwords are digested; in what only gets one handed, what its caller has been found for is left out."""
    seen: set[Location] = set()
    for block in known.blocks:
        further = (block.module.file, block.number) in known.handed
        for form in block.forms.of("call"):
            text = known.text(block, form) if _may_digest(known, block, form) else None
            if text is not None and text.kind == "digest" and not harmless(known, block, text):
                place = text.block.location(text.form)
                if not (further and place in seen):
                    seen.add(place)
                    yield block, text


def _may_digest(known: Passwords, block: Block, call: Form) -> bool:
    """Whether a call itself digests; what is only done to its result is not looked at twice."""
    step, _, function = known.step(block, call)
    if step == "runs":
        return True
    made = known.returned(function) if function is not None and step == "" and _speaks_of_digests(function) else None
    return step == "digest" or (made is not None and made.kind == "digest")


def _speaks_of_digests(function: Function) -> bool:
    if function.number < 0 or any(name.partition(".")[0] == "hashlib" for name in function.module.facts.imports):
        return True
    body = function.module.facts.lowered(function.number)
    return any(word in body or word in function.name.lower().encode() for word in _DIGESTS)
