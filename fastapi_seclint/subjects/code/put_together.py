"""Texts that code puts together of others that it has under names: `"".join(PARTS)`, `FIRST + SECOND`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Const, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.modules import Module


def put_together(program: Program, module: Module, used: frozenset[int]) -> dict[int, str]:
    """By place: what is joined of constants, and what is added where it is `used` for something that needs a secret."""
    found: dict[int, str] = {}
    for block in program.sites.speaking(module, b'"join"', b'["binop"'):
        for form in block.forms.of("call", "binop"):
            match form:
                case ["call", at, ["attr", _, ["const", _, str()], "join"], [["name" | "attr", *_]], []]:
                    pass
                case ["binop", at, "+", _, _] if at in used:
                    pass
                case _:
                    continue
            made = [item.value for item in options(ask(program, block, form)) if isinstance(item, Const)]
            if len(made) == 1 and isinstance(made[0], str):
                found[at] = made[0]
    return found
