"""Bodies that say by a token in them who sends them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.kinds import names_token
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Class

BODY_TOKENS = frozenset({"token", "access_token", "auth_token", "jwt"})
_BODY_PASSWORD = re.compile(r"passw|pwd", re.I)


def carries_token(model: Class) -> bool:
    """Whether a body says by its `token` who sends it; the token beside a new password came by mail."""
    names = {name for base in model.lineage() if isinstance(base, Class) for name, _, _ in base.fields}
    return bool(names & BODY_TOKENS) and not any(map(_BODY_PASSWORD.search, names))


def names_one(model: Class) -> bool:
    """Whether a body has a field for a credential: `token: Sent` may be one then, `ticket: TicketCreate` is none."""
    return any(names_token(name) for base in model.lineage() if isinstance(base, Class) for name, _, _ in base.fields)


def given_tokens(module: Module) -> Iterator[str]:
    """What the calls of a file are called that are given the token of something: `verify(body.token)`."""
    for number in module.facts.speaking(*(f'"{name}"'.encode() for name in BODY_TOKENS)):
        for call in module.facts.forms(number).of("call"):
            if any(item[0] == "attr" and item[3] in BODY_TOKENS and item[2][0] == "name" for item in call[3]):
                yield last_name(call[2])
