"""Cookies that libraries for authentication set, where the project switches a flag of theirs off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Place, options
from fastapi_seclint.subjects.code.origins import ask, blocks_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OPTIONS = {
    "cookie_secure": "secure",
    "cookie_httponly": "httponly",
    "JWT_COOKIE_SECURE": "secure",
    "JWT_COOKIE_HTTP_ONLY": "httponly",
    "authjwt_cookie_secure": "secure",
    "use_secure_cookie": "secure",
}
_NAMED = re.compile("|".join(f'"{name}"' for name in _OPTIONS).encode())
_LIBRARIES = ("fastapi_users", "authx", "fastapi_jwt_auth", "another_fastapi_jwt_auth", "async_fastapi_jwt_auth")


@dataclass(frozen=True, slots=True)
class Switched:
    """A flag of a library's cookie that is switched off: its name, where, and how that is mended."""

    flag: str
    block: Block
    at: int
    edit: Edit


def switched_off(program: Program) -> Iterator[Switched]:
    """Options of fastapi-users, AuthX and fastapi-jwt-auth that are False: as keyword, field, attribute or tuple."""
    imported = (name for module in program.modules.by_file.values() for name in module.facts.imports)
    if not any(name.split(".")[0] in _LIBRARIES for name in imported):
        return
    for block in _blocks(program):
        for form in block.forms.every:
            for name, value, at in _given(form):
                off = _off(program, block, value) if name in _OPTIONS and value is not None else None
                if off is not None:
                    where = off.location
                    yield Switched(_OPTIONS[name], block, at, ReplaceExpression(where.path, where.span, "True"))


def _off(program: Program, block: Block, value: Form) -> Place | None:
    """Where the False is written that an expression surely is."""
    found = list(options(ask(program, block, value))) if value[0] in ("const", "name", "attr") else []
    if value[0] == "const":
        return Place(block.module, value[1]) if value[2] is False else None
    known = found[0] if len(found) == 1 else None
    return known.place if isinstance(known, Const) and known.value is False else None


def _blocks(program: Program) -> Iterator[Block]:
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        facts = module.facts
        if not program.is_test(module) and any(facts.body_speaks(n, _NAMED) for n in range(-1, len(facts.functions))):
            yield from blocks_of(program, module)


def _given(form: Form) -> Iterator[tuple[str, Form | None, int]]:
    match form:
        case ["call", _, _, _, keywords]:
            for name, value, at in keywords:
                yield str(name), value, at
        case ["assign", at, [["name" | "attr", *_] as target], value]:
            yield target[-1], value, at
        case ["dict", _, pairs]:
            for key, value in pairs:
                if key is not None and key[0] == "const":
                    yield str(key[2]), value, value[1]
        case ["annassign", at, ["name" | "attr", *_] as target, _, value]:
            yield target[-1], value, at
