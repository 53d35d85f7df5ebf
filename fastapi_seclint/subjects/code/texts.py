"""Blocks of code that have a text in them: a key of a dictionary, the name of a claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.sites import Block

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def blocks_with(program: Program, text: str) -> Iterator[Block]:
    """The blocks of all files but tests that have this text as a constant or name."""
    needle = f'"{text}"'.encode()
    for module in program.modules.by_file.values():
        if not program.is_test(module):
            yield from program.sites.speaking(module, needle)
