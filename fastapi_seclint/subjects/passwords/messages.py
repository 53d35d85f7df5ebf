"""Passwords in messages: told to others who need them as they were typed, and kept as a hash."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, last_name, mentions
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block

_KEEPS = re.compile(r"insert|save|add|create|put|set|write|dump|append|upsert|replace")


def is_told_both(block: Block, owner: Form) -> bool:
    """Whether a function's own dictionary gets the hash as well and is handed on as a message, which nothing keeps."""
    root = owner
    while root[0] == "sub":
        root = root[2]
    own = {
        target[2]
        for form in block.forms.of("assign")
        if form[3][0] == "dict"
        for target in form[2]
        if target[0] == "name"
    }
    if root[0] != "name" or root[2] not in own or _is_put_into_row(block, root[2]):
        return False
    given = [
        last_name(call[2]) for call in block.forms.of("call") if any(mentions(item, {root[2]}) for item in call[3])
    ]
    return not any(map(_KEEPS.search, given)) and any(
        target[0] == "sub" and spelled(target[2]) == spelled(owner) and "hash" in repr(target[3]).lower()
        for form in block.forms.of("assign")
        for target in form[2]
    )


def _is_put_into_row(block: Block, name: str) -> bool:
    """Whether a dictionary goes into a row of SQLModel: `user.sqlmodel_update(data, update=extra)`."""
    return any(
        keyword == "update" and mentions(value, {name})
        for call in block.forms.of("call")
        for keyword, value, _ in call[4]
    )
