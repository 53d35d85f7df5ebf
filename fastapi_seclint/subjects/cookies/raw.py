"""Cookies that code writes into the `Set-Cookie` header as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import blocks_of
from fastapi_seclint.subjects.cookies.sessions import names_secret
from fastapi_seclint.subjects.cors.headers import header_values

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HEADER = "set-cookie"
_REMOVED = re.compile(r"max-age=0|expires=thu, 01.jan.1970")


def raw_cookies(program: Program) -> Iterator[tuple[Block, int, list[str]]]:
    """Tokens and sessions in the header without all flags: block, place, the flags that are missing."""
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        facts = module.facts
        if program.is_test(module) or "headers" not in facts.words or not facts.words & {"fastapi", "starlette"}:
            continue
        if any(f'"{_HEADER}"'.encode() in facts.lowered(number) for number in range(-1, len(facts.functions))):
            for block in blocks_of(program, module):
                for value, at in header_values(block.statements, _HEADER):
                    missing = _missing(_text(value))
                    if missing:
                        yield block, at, missing


def _text(value: Form) -> str:
    if value[0] == "const" and isinstance(value[2], str):
        return str(value[2])
    if value[0] == "fstr":
        return "".join(str(part[2]) if part[0] == "const" else "x" for part in value[2])
    return ""


def _missing(text: str) -> list[str]:
    name, separator, rest = text.partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    if not separator or not names_secret(name.strip()) or _REMOVED.search(rest.lower()):
        return []
    return [flag for flag in ("httponly", "secure") if flag not in attributes]
