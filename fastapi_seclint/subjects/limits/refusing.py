"""Functions whose answer decides about a 429 somewhere: `if not await acquire_slot(...): raise HTTPException(429)`.

Where the answer must be the same for everybody, as for forgotten passwords, the same function limits without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, last_name, mentions, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.statuses import LIMIT_REACHED
from fastapi_seclint.subjects.code.origins import blocks_of, called
from fastapi_seclint.subjects.logins.worlds import is_account

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SPEAKING = (b"429", *(f'"{name}"'.encode() for name in sorted(LIMIT_REACHED)))
_GETTING = frozenset({"get", "find", "fetch", "load", "read", "lookup", "first", "one", "by", "current"})
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
    """The calls whose truth a test is, or that give what it reads one part of: `if not decision.allowed`.

    Who gets an account decides nothing by that, whatever is read of it: `if get_user(mail).exhausted`.
    """
    part = False
    while test[0] in ("unary", "await", "attr", "walrus"):
        part = part or test[0] == "attr"
        test = test[-1] if test[0] in ("unary", "walrus") else test[2]
    if test[0] == "bool":
        for part in test[3]:
            handed = part[0] == "name" and any(
                mentions(call[3:], {part[2]}) for call in walk(test) if call[0] == "call"
            )
            yield from () if handed else _decided_by(block, part)
    elif test[0] == "call":
        yield from () if part and _gets(test) else [test]
    elif test[0] == "name" and isinstance(block.scope, FunctionScope) and not (part and is_account(test[2])):
        given = (awaited(item[3]) for item in block.scope.assignments(test[2]) if item[0] == "assign")
        yield from (value for value in given if value[0] == "call" and not (part and _gets(value)))


def _gets(call: Form) -> bool:
    """Whether a call gets a row, by what it is called."""
    name = snake(last_name(call[2])).lstrip("_")
    return name.partition("_")[0] in _GETTING or is_account(name)


def is_flag(name: str) -> bool:
    """Whether a name says that an account is locked, and not till when or why: an administrator may have done that."""
    return _FLAG.match(snake(name)) is not None


@answered_once
def counts_failures(program: Program) -> bool:
    """Whether a name anywhere in the project is about failures or attempts, which may lock accounts.

    Or an account is locked where something is counted, whatever that is called.
    """
    modules = [module for module in program.modules.by_file.values() if not program.is_test(module)]
    if any(_COUNTING.search(snake(word)) for module in modules for word in module.facts.words):
        return True
    flags = frozenset(word for module in modules for word in module.facts.words if is_flag(word))
    blocks = (block for module in modules if flags & module.facts.words for block in blocks_of(program, module))
    return any(map(_locks_by_number, blocks))


def _locks_by_number(block: Block) -> bool:
    """Whether a function locks accounts, or says that one is, and compares numbers: `if user.strikes >= 5`."""
    set_here = (target for form in block.forms.of("assign") for target in form[2] if target[0] == "attr")
    locks = any(is_flag(target[3]) for target in set_here)
    locks = locks or any(is_flag(str(name)) for call in block.forms.of("call") for name, _, _ in call[4] if name)
    locks = locks or (block.function is not None and is_flag(block.function.name))
    orders = {">", ">=", "<", "<="}
    return locks and any(not orders.isdisjoint(form[3]) for form in block.forms.of("compare"))
