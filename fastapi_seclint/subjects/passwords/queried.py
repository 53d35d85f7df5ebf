"""The rows with a password in them that a query gives: `db.query(User).first()`, `select(User.password_hash)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.passwords.dumping import names_columns, written_above
from fastapi_seclint.subjects.passwords.names import is_password, naming
from fastapi_seclint.subjects.passwords.showing import password_field

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ASKING = frozenset({"query", "select", "get", "find_one", "scalar", "scalars", "refresh"})
_COUNTING = frozenset({"count", "exists", "delete", "update", "rowcount", "exec_count"})
_CLASS_WAYS = re.compile(r"^(get|get_or_none|all|find|find_one|find_all|filter|create|objects|query|get_by_\w+|first)$")


def row_asked_for(program: Program, block: Block, call: Form) -> Class | None:
    """The class of the rows that a query gives: `db.query(User).first()`, `select(User)`; no `row.name.lower()`."""
    at, plain = call, False
    while True:
        if (at[0] == "attr" and at[3] in _COUNTING) or (at[0] == "call" and (names_columns(at) or _projects(at))):
            return None
        if at[0] == "call":
            name = str(at[2][-1]) if at[2][0] in ("name", "attr") else ""
            for item in at[3][:1] if name in (*_ASKING, "execute", "exec", "all") else ():
                found = row_class(program, block, item) if name in _ASKING else None
                if found := found or row_asked_for(program, block, written_above(block, item)):
                    return found
            if name in ("select", "query") and (found := _of_columns(program, block, at[3])) is not None:
                return found
            if name == "select" and at[2][0] == "attr" and not at[3]:  # peewee's `User.select()`
                return row_class(program, block, at[2][2])
            at = at[2]
        elif at[0] in ("attr", "sub", "await"):
            if at[0] == "attr" and _CLASS_WAYS.match(at[3]) and (found := row_class(program, block, at[2])) is not None:
                return found
            plain, at = plain or at[2][0] == "attr", at[2]
        elif at[0] == "name" and not plain and written_above(block, at) is not at:
            at = written_above(block, at)
        else:
            return None


def _of_columns(program: Program, block: Block, columns: list[Form]) -> Class | None:
    """The table whose password is one of the columns asked for: `select(User.id, User.password_hash)`."""
    named = (item[2] for item in columns if item[0] == "attr" and is_password(item[3], True) and naming(item[3]))
    return next((found for owner in named if (found := row_class(program, block, owner)) is not None), None)


def row_class(program: Program, block: Block, form: Form) -> Class | None:
    """The table with a password that a name stands for, or all of its columns, `User.__table__.columns`; or None."""
    while form[0] == "attr" and form[3] in ("__table__", "columns", "c"):
        form = form[2]
    if form[0] not in ("name", "attr"):
        return None
    found = (item for item in options(ask(program, block, form)) if isinstance(item, Class))
    return next((item for item in found if is_table(item) and password_field(item)), None)


def _projects(call: Form) -> bool:
    """Whether a query is told the model that it shall give, Beanie's `Member.find_all().project(MemberOut)`."""
    return call[2][0] == "attr" and call[2][3] in ("project", "find_projection") and len(call[3]) == 1
