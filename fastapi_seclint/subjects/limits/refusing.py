"""Functions whose answer decides about a 429 somewhere: `if not await acquire_slot(...): raise HTTPException(429)`.

Where the answer must be the same for everybody, as for forgotten passwords, the same function limits without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, mentions, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.statuses import LIMIT_REACHED
from fastapi_seclint.subjects.code.origins import called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SPEAKING = (b"429", *(f'"{name}"'.encode() for name in sorted(LIMIT_REACHED)))
_FLAG = re.compile(r"^(is_locked|account_?locked|locked_?account)$")
_COUNTING = re.compile(
    r"(^|_)(attempts?|atte?mps?|tries|retries|intentos?|tentativas?|tentatives?|fehlversuche?|failed|failures?|fails?"
    r"|lock_?outs?|locked_(until|at|time)|brute_?force)(_|$)"
)


@answered_once
def refusers(program: Program) -> frozenset[tuple[str, int]]:
    """The functions, by file and number, whose answer a 429 hangs on."""
    return frozenset(_find(program))


def _find(program: Program) -> Iterator[tuple[str, int]]:
    for module in program.modules.by_file.values():
        for block in () if program.is_test(module) else program.sites.speaking(module, *_SPEAKING):
            for form in block.forms.of("if"):
                if _refuses(form[3]):
                    for call in _decided_by(block, form[2]):
                        yield from ((one.module.file, one.number) for one, _ in called(program, block, call))


def _refuses(statements: list[Form]) -> bool:
    """Whether a branch answers 429, itself and not in a branch below."""
    ends = (item[2] for item in statements if item[0] in ("raise", "return") and item[2] is not None)
    return any(_is_429(form) for end in ends for form in walk(end))


def _is_429(form: Form) -> bool:
    return form[-1] in LIMIT_REACHED if form[0] in ("name", "attr") else form[0] == "const" and form[2] == 429


def _decided_by(block: Block, test: Form) -> Iterator[Form]:
    """The calls whose truth a test is, or that give what it reads one part of: `if not decision.allowed`."""
    while test[0] in ("unary", "await", "attr", "walrus"):
        test = test[-1] if test[0] in ("unary", "walrus") else test[2]
    if test[0] == "bool":
        for part in test[3]:
            handed = part[0] == "name" and any(
                mentions(call[3:], {part[2]}) for call in walk(test) if call[0] == "call"
            )
            yield from () if handed else _decided_by(block, part)
    elif test[0] == "call":
        yield test
    elif test[0] == "name" and isinstance(block.scope, FunctionScope):
        given = (awaited(item[3]) for item in block.scope.assignments(test[2]) if item[0] == "assign")
        yield from (value for value in given if value[0] == "call")


def is_flag(name: str) -> bool:
    """Whether a name says that an account is locked, and not till when or why: an administrator may have done that."""
    return _FLAG.match(snake(name)) is not None


@answered_once
def counts_failures(program: Program) -> bool:
    """Whether a name anywhere in the project is about failures or attempts, which may lock accounts."""
    modules = (module for module in program.modules.by_file.values() if not program.is_test(module))
    return any(_COUNTING.search(snake(word)) for module in modules for word in module.facts.words)
