"""Secrets that their names do not tell: what pydantic keeps sealed, what the application's own state holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PLAIN = frozenset({"encode", "decode", "strip"})


def given_around(program: Program, block: Block, name: str) -> list[Form]:
    """What a name is given in a function, or in the functions around it where it is not one of its own."""
    module, number = block.module, block.function.number if block.function is not None else -1
    while number >= 0:
        scope = program.sites.scope(module, number)
        if scope is not None and scope.is_local(name):
            given = (item[-1] for item in scope.assignments(name) if item[0] in ("assign", "annassign"))
            return [form for form in given if form is not None]
        number = module.facts.functions[number][2]
    return []


def is_sealed(program: Program, block: Block, form: Form, depth: int = 4) -> bool:
    """Whether an expression is the text of a `SecretStr`, which says itself that it is a secret (pydantic/types.py)."""
    if depth == 0:
        return False
    match form:
        case ["call", _, ["attr", _, _, "get_secret_value"], [], []]:
            return True
        case ["call", _, ["attr", _, inner, method], *_] if method in _PLAIN:
            return is_sealed(program, block, inner, depth - 1)
        case ["ifexp", _, _, body, otherwise]:
            return any(is_sealed(program, block, item, depth - 1) for item in (body, otherwise))
        case ["bool", _, "or", values]:
            return any(is_sealed(program, block, item, depth - 1) for item in values)
        case ["name", _, name]:
            return any(is_sealed(program, block, item, depth - 1) for item in given_around(program, block, name))
    return False


def is_of_application(form: Form) -> bool:
    """Whether an expression is a part of the application's state, which no caller sends: `request.app.state.key`."""
    match form:
        case ["attr", _, ["attr", _, ["name" | "attr", *_] as owner, "state"], _]:
            return owner[-1] in ("app", "application", "api")
        case ["call", _, ["name", _, "getattr"], [["attr", _, ["name" | "attr", *_] as owner, "state"], *_], _]:
            return owner[-1] in ("app", "application", "api")
    return False
