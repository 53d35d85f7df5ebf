"""What those do who are told by a guard who is calling: whether they look at the account themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.values import Function, options
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.tokens.looking import looked_at
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PEOPLE = re.compile(r"^([A-Z]\w*)?(User|Account|Member|Customer|Employee|Person|Profile)(s|DB|InDB|Model|Table)?$")
_STORES = re.compile(
    r"(^|_)(users?|accounts?|members?|customers?|employees?)"
    r"(_(repo(sitory)?|store|dao|crud|service|db|table|collection))?$"
)
_FINDERS = re.compile(
    r"(^|_)(get|find|fetch|load|read|check|ensure|require|verify)_(\w+_)?(user|account|member|customer)", re.I
)
_DEPTH = 2
_LEAVING = re.compile(r"log_?out|sign_?out|revoke", re.I)


def receivers(program: Program, function: Function) -> Iterator[tuple[Function, str]]:
    """The functions that are given what a dependency returns, and the parameter that holds it."""
    for consumer in wiring(program).consumers:
        pair = program.walker.resolver.dependency_of(consumer.parameter)
        given = [running(option) for option in options(pair[1])] if pair is not None else []
        if any(one is not None and worker(program.interpreter, one) is function for one in given):
            yield consumer.function, consumer.parameter.name


def most_look(program: Program, function: Function, *, tests: bool, depth: int = _DEPTH) -> bool:
    """Whether most of those who are told who is calling find his account, or test, with `tests`, what was found.

    A dependency that only hands it on is judged by those who get it then.
    """
    told = [item for item in receivers(program, function) if not _LEAVING.search(item[0].name)]
    looking = [
        item
        for item in told
        if _looks(program, *item, tests=tests)
        or (depth and item[0] is not function and most_look(program, item[0], tests=False, depth=depth - 1))
    ]
    return bool(told) and 2 * len(looking) >= len(told)


def _looks(program: Program, function: Function, name: str, depth: int = 1, *, tests: bool) -> bool:
    names = _held(function, name)
    if any(_finds_user(form, names) for form in function.forms.of("call", "sub")):
        return True
    if tests and looked_at(program, function, names):
        return True
    block = body_of(program, function) if depth else None
    for call in function.forms.of("call") if block is not None else ():
        for inner, given in handed_to(program, block, call, names) if block is not None else ():
            if any(_looks(program, inner, one, depth - 1, tests=tests) for one in given):
                return True
    return False


def _held(function: Function, name: str) -> set[str]:
    """The names of what a function takes out of what it was told: `user_id = claims["sub"]`."""
    names = {name}
    for form in function.forms.of("assign", "annassign"):
        if form[-1] is not None and form[-1][0] != "await" and mentions(form[-1], names):
            names |= {target[2] for target in (form[2] if form[0] == "assign" else [form[2]]) if target[0] == "name"}
    return names


def _finds_user(form: Form, names: set[str]) -> bool:
    """Whether an expression finds a user by one of some names: `session.get(User, user_id)`, `USERS[name]`."""
    if not mentions(form, names):
        return False
    if form[0] == "call" and _FINDERS.search(str(form[2][-1])):
        return True
    for item in walk(form):
        if item[0] in ("name", "attr") and str(item[-1]) not in names:
            called = str(item[-1])
            if _PEOPLE.match(called) or (_STORES.search(called.lower()) and not called.endswith("_id")):
                return True
    return False
