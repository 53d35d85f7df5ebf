"""Blocks of code that have a text in them: a key of a dictionary, the name of a claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.sites import MODULE, Block
from fastapi_seclint.subjects.code.origins import blocks_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def blocks_with(program: Program, text: str) -> Iterator[Block]:
    """The blocks of all files but tests that have this text as a constant or name."""
    needle = f'"{text}"'.encode()
    for module in program.modules.by_file.values():
        facts = module.facts
        numbers = [number for number in range(MODULE, len(facts.functions)) if facts.body_mentions(number, needle)]
        if not numbers or program.is_test(module):
            continue
        for block in blocks_of(program, module):
            if (MODULE if block.function is None else block.function.number) in numbers:
                yield block
