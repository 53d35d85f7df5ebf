"""Where users are looked up: by logins that refuse closed accounts, by guards that find out who is calling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.activity import node_tests_activity, refuses_closed_user
from fastapi_seclint.subjects.owners.identity import caller_names, guards
from fastapi_seclint.subjects.owners.states import field_of
from fastapi_seclint.subjects.passwords.names import is_of_people
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

LOOKS_UP = re.compile(r"^(get|find|fetch|load|read|lookup|query|first|one|scalar)(_|$)|_by_|by_(id|name|email)$", re.I)
"""What functions are called that look somebody or something up."""


def testing_logins(program: Program) -> Iterator[Function]:
    """The logins, or functions that they call, which refuse closed accounts."""
    for route in program.routes:
        handler = route.function
        if handler is None or "POST" not in route.methods or program.is_test(handler.module):
            continue
        if not re.search(r"log_?in|token|sign_?in|authenticate", snake(handler.name) + route.path.replace("-", "_")):
            continue
        for function in reached(program, handler, 1):
            if refuses_closed_user(function) and not _locks_out(function):
                yield function


_OPEN = frozenset({"is_active", "active", "is_enabled"})
_CLOSED_FOR_ALL = _OPEN | {"disabled", "is_disabled", "deactivated"}
"""What says that an account is closed altogether; who is banned may be kept from one thing only."""


def testing_handlers(program: Program) -> list[tuple[Function, Function]]:
    """Handlers that refuse their caller if his account is closed, with the function of a guard that finds him.

    None where a handler is there for those whose account is closed: it refuses all others, or opens the account.
    """
    testing = []
    for route in program.routes:
        handler = route.function
        if handler is None or program.is_test(handler.module) or not _CLOSED_FOR_ALL & handler.module.facts.words:
            continue
        names = caller_names(program, route)
        if any(_sets_flag(form, names) for form in handler.forms.of("assign")):
            if any(_sets_flag(form, names, opening=True) for form in handler.forms.of("assign")):
                return []
            continue
        for form in handler.forms.of("if"):
            asked = list(_asked(form[2], names, True))
            if False in asked and any(inner[0] in ("raise", "return") for inner in walk(form[3])):
                return []
            refused = True in asked and any(inner[0] == "raise" for inner in walk(form[3]))
            if refused and refuses_closed_user(handler):
                found = (finds_user(program, guard.node) for guard in guards(program, route) if guard.node is not None)
                testing += [(handler, finder) for finder in found if finder is not None]
    return testing


def _asked(test: Form, names: set[str], held: bool) -> Iterator[bool]:
    """Whether a condition that is held for true, or for false, says that the caller's account is closed."""
    match test:
        case ["unary", _, "not", inner]:
            yield from _asked(inner, names, not held)
        case ["bool", _, _, items]:
            for item in items:
                yield from _asked(item, names, held)
        case ["compare", _, inner, ["is" | "=="], [["const", _, bool(value)]]]:
            yield from _asked(inner, names, held == value)
        case ["compare", _, inner, ["is not" | "!="], [["const", _, bool(value)]]]:
            yield from _asked(inner, names, held != value)
        case ["attr" | "sub", _, owner, _] if field_of(test) in _CLOSED_FOR_ALL and mentions(owner, names):
            yield held != (field_of(test) in _OPEN)


def _sets_flag(assignment: Form, names: set[str], opening: bool = False) -> bool:
    """Whether an assignment is to the flag of the caller's account; with `opening`, whether it opens the account."""
    flags = [
        field_of(target)
        for target in assignment[2]
        if target[0] in ("attr", "sub") and field_of(target) in _CLOSED_FOR_ALL and mentions(target[2], names)
    ]
    value = assignment[3]
    return any(not opening or (value[0] == "const" and value[2] is (flag in _OPEN)) for flag in flags)


def _locks_out(function: Function) -> bool:
    """Whether a login only keeps out for a while who has guessed too often, which closes no account."""
    facts = function.module.facts
    return all(facts.body_mentions(function.number, word) for word in (b"locked", b"attemp"))


def finds_user(program: Program, node: Node, names: frozenset[str] = frozenset()) -> Function | None:
    """The function of a guard, or of one below it, that loads a user and hands him on."""
    for inner in reversed(list(node.walk())):
        function = inner.function
        if function is None or node_tests_activity(program, inner):
            continue
        if program.guard_model.authenticates(inner.call) and loads_user(function, names):
            return function
    return None


def loads_user(where: Function | list[Form], names: frozenset[str] = frozenset()) -> bool:
    """`user = get_user(...)`, tested for None or returned; `names` are what else an account may be called.

    Looked for in a function, or in some of its statements.
    """
    forms = walk(where) if isinstance(where, list) else where.forms.of("assign", "walrus")
    for form in forms:
        if form[0] not in ("assign", "walrus"):
            continue
        targets = form[2] if form[0] == "assign" else [form[2]]
        value = form[3][2] if form[3][0] == "await" else form[3]
        if value[0] != "call" or value[2][0] not in ("name", "attr"):
            continue
        called = any(target[0] == "name" and (is_of_people(target[2]) or target[2] in names) for target in targets)
        if not called and not _is_table_of_people(value[2]):
            continue
        is_item = value[2][-1] == "get" and value[3] and value[3][0][0] == "const"  # `claims.get("role")`
        if LOOKS_UP.search(str(value[2][-1])) and not is_item:
            return True
    return False


def _is_table_of_people(function: Form) -> bool:
    """Whether a method of a class of accounts is called: `Account.get_or_none(...)`."""
    owner = last_name(function[2]) if function[0] == "attr" else ""
    return owner[:1].isupper() and is_of_people(snake(owner))
