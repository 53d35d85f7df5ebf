"""Tokens that jwcrypto takes apart and that nobody verifies.

`JWT(jwt=token)` without a key, and `JWS().deserialize(token)`, leave the signature alone; what they found lies in
`objects` (jwcrypto.readthedocs.io, jws and jwt).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.sites import Block, Call

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CHECKS = frozenset({"verify", "validate"})


def taken_apart(program: Program) -> Iterator[Call]:
    """The calls that take a token apart, in functions that read its payload and verify nothing."""
    for call in program.sites.calls("jwcrypto.jwt.JWT", "jwcrypto.jws.JWS().deserialize"):
        reads = call.argument("jwt", 1) if call.name.endswith("JWT") else call.argument("raw_jws", 0)
        key = call.argument("key", 2 if call.name.endswith("JWT") else 1)
        if reads is not None and key is None and _reads_payload(call.block):
            yield call


def _reads_payload(block: Block) -> bool:
    called = {form[2][3] for form in block.forms.of("call") if form[2][0] == "attr"}
    keyed = any(form[2][3] == "deserialize" and len(form[3]) > 1 for form in block.forms.of("call")
                if form[2][0] == "attr")  # fmt: skip
    return not keyed and not called & _CHECKS and any(form[3] == "objects" for form in block.forms.of("attr"))
