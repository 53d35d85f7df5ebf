"""Dictionaries that lose an item, or get another one for it, before they are shown: `headers.pop("authorization")`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block

_CREDENTIAL = re.compile(r"auth|cookie|token|key|secret", re.I)


def taken_out(block: Block, is_held: Callable[[Form], bool]) -> Iterator[tuple[int, Form | None]]:
    """Where an item of what `is_held` knows is taken out or written anew, and its key where one is told."""
    for form in block.forms.of("call", "assign", "delete"):
        for target in [form[2]] if form[0] == "call" else form[2]:
            if target[0] == "sub" and is_held(target[2]):
                yield form[1], target[3]
            elif form[0] == "call" and target[0] == "attr" and target[3] == "pop" and is_held(target[2]):
                yield form[1], form[3][0] if form[3] else None


def loses(block: Block, name: str, at: int, is_key: Callable[[str], bool]) -> bool:
    """Whether a dictionary loses an item that `is_key` knows above a place, or gets another one: `data.pop("pin")`."""
    found = taken_out(block, lambda held: held[0] == "name" and held[2] == name)
    return any(place < at and key is not None and key[0] == "const" and is_key(str(key[2])) for place, key in found)


def hides_credentials(block: Block, name: str, at: int) -> bool:
    """Whether a dictionary with headers loses a credential above a place; a name that a loop gives may be each."""
    for place, key in taken_out(block, lambda held: held[0] == "name" and held[2] == name):
        if place < at and key is not None and (key[0] != "const" or _CREDENTIAL.search(str(key[2]))):
            return True
    return False
