"""Files with a login of their own: their tokens have another key than those that a guard takes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.payloads.encodings import tokens
from fastapi_seclint.subjects.tokens.types import key_of, key_read, reached, read_in

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def refuses_tokens_of(program: Program, guard: Function, module: Module) -> bool:
    """Whether a guard verifies tokens with a key that a file which makes tokens itself has for none of them."""
    made = _made_in(program).get(module.file, frozenset())
    if not made or "" in made:
        return False
    found = {key_read(decoding) for one, _ in reached(program, guard) for decoding in read_in(program, one)}
    return bool(found) and "" not in found and not found & made


@lru_cache(maxsize=1)
def _made_in(program: Program) -> dict[str, frozenset[str]]:
    """By file: the keys of the tokens that it makes, an empty text where one is not known."""
    found: dict[str, set[str]] = {}
    for token in tokens(program):
        found.setdefault(token.encoding.call.block.module.file, set()).add(key_of(token.encoding))
    return {file: frozenset(keys) for file, keys in found.items()}
