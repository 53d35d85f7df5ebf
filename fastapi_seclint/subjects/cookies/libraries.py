"""Cookies that libraries for authentication set, where the project switches a flag of theirs off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import blocks_of

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
                if name in _OPTIONS and value is not None and value[0] == "const" and value[2] is False:
                    edit = ReplaceExpression(block.module.path, span_of(value[1]), "True")
                    yield Switched(_OPTIONS[name], block, at, edit)


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
        case ["annassign", at, ["name" | "attr", *_] as target, _, value]:
            yield target[-1], value, at
