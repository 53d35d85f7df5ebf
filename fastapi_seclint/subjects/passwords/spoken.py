"""Where passwords are spoken of: the blocks that are looked into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import MODULE, Block
from fastapi_seclint.subjects.passwords.names import MENTION

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_VALIDATORS = frozenset({"field_validator", "validator", "validates"})
_DIGESTS = re.compile(rb'"(md5|sha\d[\w-]*|blake2[bs]|hashlib|hmac)"')


def _speaks(module: Module, number: int) -> bool:
    """Whether a function speaks of passwords in its body or by its name: `hash_password(plain)`."""
    facts = module.facts
    if MENTION.search(facts.lowered(number)) is not None:
        return True
    if number == MODULE:
        return False
    if facts.words & _VALIDATORS and MENTION.search(facts.lowered(MODULE)) and facts.body_speaks(number, _DIGESTS):
        return True
    return MENTION.search(f'"{facts.functions[number][0]}"'.encode()) is not None


def blocks(program: Program) -> Iterator[Block]:
    """The blocks in which a password is spoken of, tests left out."""
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if program.is_test(module):
            continue
        facts = module.facts
        numbers = [number for number in range(MODULE, len(facts.functions)) if _speaks(module, number)]
        for number in numbers:
            if number == MODULE:
                program.interpreter.run_module(module)
                yield Block(module, None, facts.module, module.scope)
                continue
            scope = program.sites.scope(module, number)
            if scope is not None:
                yield Block(module, scope.function, facts.body(number), scope)
