"""Accounts that can be closed: the flag for it that nobody reads, and the test that refuses a closed one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.callables import giving
from fastapi_seclint.program.refusing import as_it_stands
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.activity import refuses_closed_user
from fastapi_seclint.subjects.owners.records import field_names, is_complete, is_table
from fastapi_seclint.subjects.owners.states import STATES, compares_status
from fastapi_seclint.subjects.passwords.names import is_of_people, naming
from fastapi_seclint.subjects.tokens.refusing import refusal

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OPEN = frozenset({"is_active", "active", "is_enabled", "enabled"})
_CLOSED = frozenset(
    {"disabled", "is_disabled", "is_blocked", "blocked", "banned", "is_banned", "deactivated", "is_deactivated",
     "suspended", "is_suspended", "is_locked"}
)  # fmt: skip
_FLAGS = _OPEN | _CLOSED


@dataclass(frozen=True, slots=True)
class Flag:
    """What says that an account is closed: its name, and whether it is an item of a dictionary.

    `closes` is a place that closes an account, or, if `tested`, asks for a closed one in a function that nobody calls;
    without one the flag may be there for nothing. `accounts` are the names of the classes that have it, in lower case.
    """

    name: str
    item: bool
    closes: tuple[Block, Form] | None = None
    accounts: frozenset[str] = frozenset()
    tested: bool = False


@lru_cache(maxsize=1)
def unread_flag(program: Program) -> Flag | None:
    """The flag of the project's accounts that no code reads; None where there is none, or where one is read."""
    declared = list(_declared(program))
    if len({name for name, _, _ in declared}) != 1:
        return None
    name, item, _ = declared[0]
    closes: tuple[Block, Form] | None = None
    unused: tuple[Block, Form] | None = None
    for module in program.modules.by_file.values():
        for block in program.sites.speaking(module, f'"{name}"'.encode()) if not program.is_test(module) else ():
            if _reads(block, name):
                if (idle := _unused_test(program, block)) is None:
                    return None
                unused = unused or (block, idle)
                continue
            closes = closes or next(((block, form) for form in _closing(block, name)), None)
    owners = frozenset(owner.lower() for _, _, owner in declared if owner)
    return Flag(name, item, unused or closes, owners, unused is not None)


def declared_flag(program: Program) -> Flag | None:
    """The one flag for closed accounts that the project's accounts have, whoever reads it."""
    declared = list(_declared(program))
    names = {name for name, _, _ in declared}
    return Flag(declared[0][0], declared[0][1]) if len(names) == 1 else None


def _declared(program: Program) -> Iterator[tuple[str, bool, str]]:
    """The flags of classes of accounts, and of dictionaries of them."""
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        for value in list(module.scope.names.values()):
            for option in options(value):
                if isinstance(option, Class) and option.module is module:
                    fields = {*(field for field, _, _ in option.fields), *option.namespace}
                    if not is_of_people(option.name) and not any(naming(field) == "kept" for field in fields):
                        continue
                    yield from ((field, False, option.name) for field in sorted(fields & _FLAGS))
        for form in program.sites.top(module).forms.of("assign", "annassign"):
            target = form[2][0] if form[0] == "assign" else form[2]
            if target[0] == "name" and is_of_people(target[2]) and form[-1] is not None:
                keys = {key[2] for inner in walk(form[-1]) if inner[0] == "dict" for key, _ in inner[2]
                        if key is not None and key[0] == "const"}  # fmt: skip
                yield from ((key, True, "") for key in sorted(str(key) for key in keys) if key in _FLAGS)


def _reads(block: Block, name: str) -> bool:
    """Whether a block reads the flag anywhere, or hands it on under its name: `filter_by(is_active=True)`."""
    written = {
        id(target)
        for form in block.forms.of("assign", "annassign")
        for target in (form[2] if form[0] == "assign" else [form[2]])
    }
    for form in block.forms.every:
        match form:
            case ["attr", _, _, field] if field == name and id(form) not in written:
                return True
            case ["sub", _, _, ["const", _, field]] if field == name and id(form) not in written:
                return True
            case ["call", _, ["attr", _, _, "get" | "pop"], [["const", _, field], *_], _] if field == name:
                return True
            case ["call", _, called, positional, _] if called[-1] in ("getattr", "filter_by", "get"):
                if any(item[0] == "const" and item[2] == name for item in positional):
                    return True
                if called[-1] != "getattr" and any(keyword == name for keyword, _, _ in form[4]):
                    return True
    return False


def _unused_test(program: Program, block: Block) -> Form | None:
    """The refusal of closed accounts in a function that nobody calls or names, `def ensure_active(user)`."""
    function = block.function
    if function is None or function.owner is not None or any(route.function is function for route in program.routes):
        return None
    if function.decorators or not refuses_closed_user(function):
        return None
    for other in program.sites.blocks(frozenset({function.name})):
        named = (form for form in other.forms.of("name", "attr") if form[-1] == function.name)
        if (other.module is not block.module or other.number != block.number) and any(named):
            return None
    return function.forms.of("if")[0]


def _closing(block: Block, name: str) -> Iterator[Form]:
    """Where an account gets the value of a closed one: assigned, as a keyword, in a dictionary."""
    value = name in _CLOSED
    for form in block.forms.every:
        given: list[tuple[object, Form]] = []
        match form:
            case ["assign", _, targets, assigned]:
                given = [(_field(target), assigned) for target in targets]
            case ["call", _, _, _, keywords]:
                given = [(keyword, item) for keyword, item, _ in keywords]
            case ["dict", _, pairs]:
                given = [(key[2], item) for key, item in pairs if key is not None and key[0] == "const"]
        if any(field == name and item[0] == "const" and item[2] is value for field, item in given):
            yield form


def _field(target: Form) -> object:
    return target[3] if target[0] == "attr" else target[3][-1] if target[0] == "sub" else None


def tested_flag(function: Function) -> Flag | None:
    """The flag of an account that a function refuses by."""
    for form in function.forms.of("if"):
        for inner in walk(form[2]):
            if inner[0] in ("attr", "sub") and _field(inner) in _FLAGS:
                return Flag(str(_field(inner)), inner[0] == "sub")
    return None


def cannot_be_closed(program: Program, function: Function) -> bool:
    """Whether what a guard looks up are rows without such a flag: those of guests with an upload link, say."""
    block = body_of(program, function)
    tables = [
        option
        for form in (block.forms.of("assign") if block is not None else ())
        for inner in (walk(form[3]) if any(item[0] == "call" for item in walk(form[3])) else ())
        for option in (options(ask(program, block, inner)) if block is not None and inner[0] == "name" else ())
        if isinstance(option, Class) and is_table(option)
    ]
    return bool(tables) and all(is_complete(cls) and not _has_flag(cls) for cls in tables)


def _has_flag(cls: Class) -> bool:
    names = {*field_names(cls), *(name for base in cls.lineage() if isinstance(base, Class) for name in base.namespace)}
    return bool(names & (_FLAGS | STATES | {"status"})) or any("User" in name for name in cls.external_bases())


def refusing_closed(program: Program, function: Function, flag: Flag) -> Fix | None:
    """The test for closed accounts in a guard, right before it gives the user that it has found."""
    found = _given(program, function)
    if found is None:
        return None
    block, last, user = found
    if not flag.item and (_reads_items(block, user) or _is_given_dictionary(program, function, user)):
        return None
    read = f'{user}.get("{flag.name}", {flag.name in _OPEN})' if flag.item else f"{user}.{flag.name}"
    return _refused(program, block, last, f"{'not ' if flag.name in _OPEN else ''}{read}")


def refusing_as(program: Program, function: Function, login: Function) -> Fix | None:
    """The test by which a login refuses closed accounts, `user.status != "active"`, in a guard that has none."""
    found, tested = _given(program, function), _tested_by(login)
    if found is None or tested is None or _is_given_dictionary(program, function, found[2]):
        return None
    block, last, user = found
    name, test = tested
    return _refused(program, block, last, re.sub(rf"\b{name}\b", user, test))


def _given(program: Program, function: Function) -> tuple[Block, Form, str] | None:
    """The block of a guard whose last statement returns the user under a name, that statement, and the name."""
    block = body_of(program, function)
    last = function.statements()[-1] if function.statements() else None
    if block is None or last is None or last[0] != "return" or last[2] is None or last[2][0] != "name":
        return None
    return block, last, last[2][2]


def _refused(program: Program, block: Block, last: Form, test: str) -> Fix:
    raised, imports = _as_before(program, block) or refusal(block, last, "the account is closed")
    edit = InsertStatements(block.module.path, span_of(last[1]), "before", f"if {test}:\n    {raised}")
    return Fix("refuse closed accounts", False, (edit, *imports))


def _tested_by(login: Function) -> tuple[str, str] | None:
    """What is true of a closed account where a login refuses one: what it calls the account, and the test as code."""
    for form in login.forms.of("if"):
        if form[3][-1][0] != "raise":
            continue
        for part in form[2][3] if form[2][0] == "bool" and form[2][2] == "or" else [form[2]]:
            inner = part[3] if part[0] == "unary" and part[2] == "not" else part
            read = inner[2] if inner[0] == "compare" and compares_status(inner) else inner
            if read[0] != "attr" or read[2][0] != "name" or snake(read[3]) not in STATES | {"status", "state"}:
                continue
            if inner is not read and any(side[0] != "const" for side in inner[4]):
                continue  # the guard's file may not have what it is compared with
            written = code(inner)
            if written is not None:
                return read[2][2], written if inner is part else f"not {written}"
    return None


def _reads_items(block: Block, user: str) -> bool:
    """Whether a user is asked for items, as a dictionary is: what a token says of him, and no account."""
    owners = (form[2] for form in block.forms.of("sub"))
    asked = (call[2][2] for call in block.forms.of("call") if call[2][0] == "attr" and call[2][3] == "get")
    return any(owner[0] == "name" and owner[2] == user for owner in (*owners, *asked))


def _is_given_dictionary(program: Program, function: Function, user: str) -> bool:
    """Whether a guard gets its user by `Depends(other)`, and that one returns what it writes down as a dictionary."""
    default = next((parameter[3] for parameter in function.parameters if parameter[0] == user), None)
    if default is None or default[0] != "call" or not default[3]:
        return False
    given = ask(program, program.sites.top(function.module), default[3][0])
    givers = (giving(option) for option in options(given))
    forms = (form for giver in givers if giver is not None for form in giver.forms.every)
    return any(form[0] == "return" and form[2] is not None and form[2][0] == "dict" for form in forms)


def _as_before(program: Program, block: Block) -> tuple[str, tuple[Edit, ...]] | None:
    """The refusal that the guard has for a user who is not there, where that is made of constants."""
    before = block.statements[-2] if len(block.statements) > 1 else None
    if before is None or before[0] != "if" or len(before[3]) != 1 or before[3][0][0] != "raise":
        return None
    error = as_it_stands(before[3][0])
    if error is None or any(form[0] == "name" and form[2][:1].islower() for form in walk(error[3:])):
        return None
    written = code(error)
    helper = program.refusals.get((block.module.file, error[1]))
    raising = "" if helper is not None and not helper.is_returned else "raise "
    return (f"{raising}{written}", ()) if written is not None else None
