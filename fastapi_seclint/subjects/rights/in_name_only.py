"""Guards that are named after administrators and only read a token: they never look who of the users it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.words import decides

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LIBRARIES = re.compile(
    r"^(jwt|jose|authlib|joserfc|fastapi|starlette|datetime|time|logging|pydantic|typing|builtins)(\.|$)"
)
_READS = frozenset({"get", "strip", "split", "removeprefix", "lower", "decode", "utcnow", "now", "timestamp"})
_REGISTERS = re.compile(r"^(register|registration|sign[-_]?up|create[-_]account)([-_]\w+)?$", re.I)
_CLAIMS = frozenset({"access", "bearer", "Bearer", "refresh", "type", "token_type", "sub", ""})


def reads_token_only(program: Program, functions: Iterable[Function]) -> bool:
    """Whether functions do nothing but to take a token apart, where users of all kinds have tokens.

    They have where everybody may register. A comparison with anything but a kind of token, a lookup, or a call that is
    not in sight may tell administrators from others.
    """
    return all(_only_reads(program, function) for function in functions) and _everybody_registers(program)


def _everybody_registers(program: Program) -> bool:
    return any(
        "POST" in route.methods and any(_REGISTERS.match(word) for word in access.segments(route.path)[-2:])
        for route in program.routes
    )


def _only_reads(program: Program, function: Function) -> bool:
    block = body_of(program, function)
    if block is None or decides(function):
        return False
    if any(_may_tell(form) for form in block.forms.of("compare", "sub", "for", "comp")):
        return False
    return all(_is_plain(program, block, form) for form in block.forms.of("call"))


def _may_tell(form: Form) -> bool:
    """Whether a comparison or item may be of one user: not with None, a kind of token, a claim by its name."""
    if form[0] == "sub":
        return not (form[3][0] == "const" and isinstance(form[3][2], str | int))
    if form[0] != "compare":
        return True
    return not all(side[0] == "const" and (side[2] is None or side[2] in _CLAIMS) for side in form[4])


def _is_plain(program: Program, block: Block, call: Form) -> bool:
    """Whether a call is of a library that reads tokens, of the project and so looked at by itself, or of a text."""
    if any(True for _ in called(program, block, call)):
        return True
    known = [option for option in options(ask(program, block, call[2])) if isinstance(option, External)]
    if any(_LIBRARIES.match(option.name) for option in known):
        return True
    return bool(call[2][0] == "attr" and call[2][3] in _READS and call[2][2][0] in ("name", "call", "attr"))
