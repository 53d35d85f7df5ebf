"""Secrets in texts that are put together in several steps, by functions of the project perhaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import bodies
from fastapi_seclint.subjects.leaks.addresses import carries_token
from fastapi_seclint.subjects.leaks.bodies import body_leak
from fastapi_seclint.subjects.leaks.log_calls import message, pieces
from fastapi_seclint.subjects.leaks.logged_secrets import Leaks

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

LINK = "a link with a token in it"


def parts(block: Block, whole: Form) -> Iterator[Form]:
    """The expressions whose text is in an expression, or in the text that it is a name for."""
    text = message(block, whole)
    yield from pieces(text if text is not None else whole)


def secret_in(program: Program, block: Block, value: Form, depth: int = 3) -> str | None:
    """What secret an expression has in it, put together as it is of texts and by functions of the project.

    `LINK` is told for an address with a one-time token, whatever else is in there.
    """
    if carries_token(value):
        return LINK
    shown = [*parts(block, value)]
    leaks = (Leaks(program, block).of(part) for part in shown)
    leak = next((leak for leak in leaks if leak is not None), None) or body_leak(program, block, shown)
    inside = [(block, text) for part in shown if depth and (text := message(block, part)) is not None]
    inside += [found for part in shown if depth and part[0] == "call" for found in _given_back(program, block, part)]
    below = [secret_in(program, where, text, depth - 1) for where, text in inside]
    return LINK if LINK in below else leak.what if leak is not None else None


def _given_back(program: Program, block: Block, call: Form) -> Iterator[tuple[Block, Form]]:
    """The texts that a function of the project puts together and gives back."""
    for body in bodies(program, block, call):
        yield from ((body, form[2]) for form in body.forms.of("return") if form[2] is not None)
