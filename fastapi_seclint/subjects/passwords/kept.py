"""What code puts into dictionaries and lists that live as long as the program."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block


def put(block: Block) -> Iterator[tuple[Form, Form]]:
    """What a block puts into dictionaries and lists: `users[email] = value`, `users.append(value)`, `setdefault`."""
    for form in block.forms.every:
        match form:
            case ["assign", _, [["sub", _, ["name" | "attr", *_] as owner, _]], value]:
                yield owner, value
            case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, "append"], [value], []]:
                yield owner, value
            case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, "setdefault"], [_, value], []]:
                yield owner, value


def hashed_in(value: Form) -> tuple[str, None] | None:
    """The key of a dictionary display that holds a hash by what it is given: `{"digest": hasher.hash(password)}`."""
    for key, item in value[2] if value[0] == "dict" else ():
        named = key is not None and key[0] == "const" and key[2] in ("hash", "hashed", "digest")
        if named and item[0] == "call" and "hash" in str(item[2][-1]).lower():
            return str(key[2]), None
    return None
