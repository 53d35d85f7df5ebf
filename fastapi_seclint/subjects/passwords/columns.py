"""Which column of a table a value is: `row[0]` below `SELECT password FROM users`, a name that a row goes into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.selected import created, statement_behind

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SELECT = re.compile(r"^\s*select\s+(?:distinct\s+)?(.*?)\s+from\s+[\"`\[]?(?:\w+\.)?(\w+)", re.I | re.S)
_ONE_ROW = frozenset({"fetchone", "first", "one", "one_or_none", "fetchrow", "fetch_one"})
_DEPTH = 4


def column_of(program: Program, block: Block, form: Form, depth: int = _DEPTH) -> str:
    """The name of the column that an expression is, as the statement of SQL says it; empty where that is not known."""
    match form:
        case ["sub", _, row, ["const", _, int() as index]] if depth:
            return _column(program, block, row, index, depth - 1)
        case ["name", _, name] if depth:
            statement = _assigned(block, form, name)
            for target in statement[2] if statement is not None else ():
                if target[0] == "name" and statement is not None:
                    return column_of(program, block, statement[3], depth - 1)
                items = target[2] if target[0] in ("tuple", "list") else []
                for index, item in enumerate(items):
                    if item[0] == "name" and item[2] == name and statement is not None:
                        return _column(program, block, statement[3], index, depth - 1)
    return ""


def _column(program: Program, block: Block, row: Form, index: int, depth: int) -> str:
    """The name of a column of a row, by its place in the list of the SELECT that gives the row."""
    for item in walk(row):
        found = _SELECT.match(item[2]) if item[0] == "const" and isinstance(item[2], str) else None
        if found is not None:
            return _listed(program, found, index)
    while row[0] in ("await", "bool"):  # `fetchone() or (None, None)`
        row = row[2] if row[0] == "await" else row[3][0]
    if row[0] == "name" and depth:
        statement = _assigned(block, row, row[2])
        if statement is not None and any(target[0] == "name" for target in statement[2]):
            return _column(program, block, statement[3], index, depth - 1)
    if row[0] == "call" and last_name(row[2]) in _ONE_ROW:
        found = _SELECT.match(statement_behind(block, row))
        return _listed(program, found, index) if found is not None else ""
    return ""


def _listed(program: Program, select: re.Match[str], index: int) -> str:
    """The name of a column by its place in the list of a SELECT, or in the table that it takes whole."""
    names = [column.strip() for column in select[1].split(",")]
    if names == ["*"]:
        names = created(program, select[2])
    return re.split(r"[\s.]+", names[index])[-1].strip('"`') if -1 < index < len(names) else ""


def _assigned(block: Block, use: Form, name: str) -> Form | None:
    """The only assignment to a local name above a use of it."""
    if not isinstance(block.scope, FunctionScope):
        return None
    found = [item for item in block.scope.assignments(name) if item[1] < use[1]]
    return found[0] if len(found) == 1 and found[0][0] == "assign" else None
