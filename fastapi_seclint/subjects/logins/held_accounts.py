"""Which names of a function hold an account, or nothing for an unknown user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import bodies
from fastapi_seclint.subjects.logins.keepers import held
from fastapi_seclint.subjects.logins.worlds import FOUND, Truth, is_account, looked_up, mentions_password, truth

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OF_ACCOUNT = re.compile(
    r"_(id|uuid|pk|name|e?mail|phone|key|ip|secret|password|login|data|in|form|token|host|agent)s?$", re.I
)
"""What a parameter holds of an account, which is not the account."""


def accounts_given(function: Function | None) -> set[str]:
    """The parameters of a function that are accounts, without a default."""
    taken = function.parameters if function is not None else []
    names = (item[0] for item in taken if item[3] is None)
    return {name for name in names if is_account(name) and _OF_ACCOUNT.search(name) is None}


def looked_up_in(program: Program, block: Block, *, helped: bool = True) -> dict[str, Truth]:
    """The names of a block that hold an account, or nothing for an unknown user; a parameter may be one.

    `helped`: what methods of the project look up counts, whatever they are called, where it tests a password itself.
    """
    found: dict[str, Truth] = {}
    found |= dict.fromkeys(accounts_given(block.function), FOUND)
    for name, value in _named(block):
        known = looked_up(name, value) or held(block, name, value)
        if known is None and helped and _is_asked(block, name) and _gives_account(program, block, value):
            known = FOUND
        found |= {name: known} if known is not None else {}
    return found


def _named(block: Block) -> Iterator[tuple[str, Form]]:
    """The local names of a function with what they are given."""
    for form in block.forms.every if isinstance(block.scope, FunctionScope) else ():
        if form[0] in ("assign", "annassign", "walrus") and form[-1] is not None:
            for target in form[2] if form[0] == "assign" else [form[2]]:
                if target[0] == "name":
                    yield target[2], form[-1]


def _is_asked(block: Block, name: str) -> bool:
    """Whether what a name holds is given a password: `known.accepts(password)`."""
    asked = (form for form in block.forms.of("call") if form[2][0] == "attr" and form[2][2][2:] == [name])
    return any(mentions_password(form[3]) for form in asked)


def _gives_account(program: Program, block: Block, value: Form) -> bool:
    """Whether a helper gives what it looked up, or an object made of it: `Known(row["hash"]) if row else None`."""
    call = awaited(value)
    if call[0] != "call" or call[2][0] != "attr":
        return False
    for inner in bodies(program, block, call):
        names = looked_up_in(program, inner, helped=False)
        for form in inner.forms.of("return"):
            match form[2]:
                case ["name", _, name] if names.get(name) == FOUND:
                    return True
                case ["ifexp", _, test, _, ["const", _, None]]:
                    if names and _is_there(test, names):
                        return True
    return False


def _is_there(test: Form, names: dict[str, Truth]) -> bool:
    """Whether a test fails where nobody was found."""
    asked = truth(test, lambda one: names.get(one[2]) if one[0] == "name" else None)
    return asked["absent"] == frozenset({False})
