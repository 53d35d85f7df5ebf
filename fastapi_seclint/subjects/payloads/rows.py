"""Rows that a function looks up and makes a token of: `db.exec(select(User).where(...)).first()`, `USERS.get(name)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Mapping, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.payloads.known import Known, Made

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_QUERIES = frozenset({"select", "query", "get", "get_one"})
_METHODS = frozenset({"find_one", "get", "get_or_none", "find_by_email", "find_by_id", "first", "by_email"})
_SINGLE = _METHODS | {"one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "get_one"}
_DEPTH = 4


def row(program: Program, block: Block, form: Form) -> Known | None:
    """The row that a local name holds, as an object whose fields are those of its table; None for other names."""
    value = _assigned(block, form)
    single = value is not None and value[0] == "call" and last_name(value[2]) in _SINGLE
    cls = _table(program, block, value, _DEPTH) if single and value is not None else None
    cls = cls or (_kept(program, block, value) if value is not None else None)
    return Known(made=Made(cls, {}, True), opaque="object") if cls is not None else None


def _kept(program: Program, block: Block, form: Form) -> Class | None:
    """The class of what a dictionary of the program's own has under any key: `users: dict[str, User] = {}`."""
    match form:
        case ["call", _, ["attr", _, ["name", _, owner], "get"], [_, *_], []] | ["sub", _, ["name", _, owner], _]:
            pass
        case _:
            return None
    for option in options(ask(program, block, form[2][2] if form[0] == "call" else form[2])):
        home = option.place.module if isinstance(option, Mapping) and option.place is not None else None
        top = program.sites.top(home) if home is not None else None
        for statement in top.statements if top is not None else ():
            match statement:
                case ["annassign", _, ["name", _, name], ["sub", _, kind, ["tuple", _, [_, held]]], *_] if (
                    name == owner
                ):
                    classes = options(ask(program, top, held)) if top and last_name(kind) in _DICTIONARIES else ()
                    return next((item for item in classes if isinstance(item, Class)), None)
    return None


_DICTIONARIES = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})


def _assigned(block: Block, form: Form) -> Form | None:
    """What the last assignment to a local name above a use of it gives."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return None
    found = block.scope.assignments(form[2])
    above = [item for item in found if item[1] < form[1] and not holds(item[1], form[1])]
    if not above or above[-1][0] not in ("assign", "annassign", "walrus") or above[-1][-1] is None:
        return None
    value: Form = above[-1][-1]
    while value[0] == "await":
        value = value[2]
    return value


def _table(program: Program, block: Block, form: Form, depth: int) -> Class | None:
    """The class of the rows that a query asks for, where it asks for whole rows of one table."""
    for item in walk(form):
        given = item[3] if item[0] == "call" and str(item[2][-1]) in _QUERIES else []
        method = item[2][3] if item[0] == "call" and item[2][0] == "attr" else ""
        owner = [_made(item[2][2])] if method in _METHODS or (method == "select" and not given) else []
        for asked in (*given[:1], *owner):
            if asked[0] in ("name", "attr") and (len(given) < 2 or item[2][-1] not in ("select", "query")):
                for option in options(ask(program, block, asked)):
                    if isinstance(option, Class) and is_table(option):
                        return option
    for item in walk(form):
        above = _assigned(block, item) if depth and item[0] == "name" else None
        if above is not None and above[0] == "call" and (found := _table(program, block, above, depth - 1)):
            return found
    return None


def _made(form: Form) -> Form:
    """The class of `Member().select()`, which Peewee's beginners write for `Member.select()`."""
    return form[2] if form[0] == "call" and form[2][0] == "name" and not form[3] else form
