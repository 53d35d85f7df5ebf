"""Handlers that give tokens, whatever their path is called: they, or what they call, sign one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.payloads.encodings import encodings
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Places = frozenset[tuple[str, int]]


@answered_once
def signers(program: Program) -> Places:
    """The functions with a call that signs a token, by file and number."""
    functions = (item.call.block.function for item in encodings(program))
    return frozenset((one.module.file, one.number) for one in functions if one is not None)


def signs(program: Program, handler: Function) -> bool:
    """Whether a function, or one that it calls, signs a token."""
    makers = signers(program)
    return bool(makers) and any((one.module.file, one.number) in makers for one in reached(program, handler))
