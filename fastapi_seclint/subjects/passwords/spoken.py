"""Where passwords are spoken of: the blocks that are looked into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE, FileFacts
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.names import MENTIONS

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_VALIDATORS = frozenset({"field_validator", "validator", "validates"})
_HASHERS = (b'"pbkdf2_hmac"', b'"scrypt"', b'"hashpw"', b'"bcrypt"')
_NAMED = re.compile(b"|".join(map(re.escape, MENTIONS)))
_DIGESTS = re.compile(rb'"(md5|sha\d[\w-]*|blake2[bs]|hashlib|hmac)"')


def blocks(program: Program) -> Iterator[Block]:
    """The blocks in which a password is spoken of, tests left out."""
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if not program.is_test(module):
            for number in sorted(_speaking(module.facts)):
                block = program.sites.block(module, number)
                if block is not None:
                    yield block


def _speaking(facts: FileFacts) -> set[int]:
    """The module and functions that speak of passwords in their body or by their name: `hash_password(plain)`."""
    found = set(facts.speaking(*MENTIONS, *_HASHERS, folded=True))
    validates = MODULE in found and not facts.words.isdisjoint(_VALIDATORS)
    for number, (name, _, _) in enumerate(facts.functions):
        quoted = f'"{name}"'.lower().encode()
        if _NAMED.search(quoted) or (validates and facts.body_speaks(number, _DIGESTS)):
            found.add(number)
    return found
