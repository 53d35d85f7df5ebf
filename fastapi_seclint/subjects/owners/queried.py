"""The fix of a missing check of ownership in a statement of SQL: the row is looked up among the caller's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, names_in, span_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.code.sql import met
from fastapi_seclint.subjects.owners.identity import caller_names, guards

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_COMPLEX = re.compile(r"\b(or|join|union)\b|\n", re.I)
"""Where one more condition may mean something else, or columns of two tables meet."""


def queried(program: Program, route: Route, sibling: Route, variable: str) -> Fix | None:
    """`AND owner_id = ?` behind `id = ?`, as the statement of a sibling compares it with its caller.

    Statements on one line whose values stand in a tuple or list; None for others.
    """
    handler = route.function
    owner = _owner(program, sibling)
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    if handler is None or owner is None or not caller:
        return None
    table, column, value = owner
    written = code(_named(value, caller))
    for call in handler.forms.of("call") if written is not None else ():
        for one in met(call):
            if one.table == table and not one.written and one.value[0] == "name" and one.value[2] == variable:
                edits = _narrowed(handler.module.path, call, one.column, one.value, f"{column} = ", str(written))
                return Fix(f"look it up among those of {caller}", False, edits) if edits else None
    return None


def _owner(program: Program, sibling: Route) -> tuple[str, str, Form] | None:
    """The table and column that a handler compares with its caller, and with what of him."""
    callers = caller_names(program, sibling)
    for call in sibling.function.forms.of("call") if sibling.function is not None else ():
        for one in met(call):
            named = names_in(one.value)
            if not one.written and len(named) == 1 and named <= callers:
                return one.table, one.column, one.value
    return None


def _named(form: Form, caller: str) -> Form:
    if form and form[0] == "name":
        return ["name", form[1], caller]
    return [_named(item, caller) if isinstance(item, list) else item for item in form]


def _narrowed(
    path: str, call: Form, column: str, value: Form, condition: str, owner: str
) -> tuple[ReplaceExpression, ...]:
    """The edits of a statement and of its values."""
    if len(call[3]) != 2 or call[3][0][0] != "const" or call[3][1][0] not in ("tuple", "list"):
        return ()
    statement, given = call[3][0][2], call[3][1]
    found = re.search(rf"\b{column}[\"`\]]?\s*=\s*(\?|%s)", statement)
    if found is None or _COMPLEX.search(statement) or len(re.findall(r"\?|%s", statement)) != len(given[2]):
        return ()
    narrowed = f"{statement[: found.end()]} AND {condition}{found[1]}{statement[found.end() :]}"
    number = next(index for index, item in enumerate(given[2]) if item is value)
    items = [code(item) for item in given[2]]
    text = code(["const", 0, narrowed])
    if None in items or text is None:
        return ()
    listed = ", ".join([*map(str, items[: number + 1]), owner, *map(str, items[number + 1 :])])
    opening, closing = "()" if given[0] == "tuple" else "[]"
    return (
        ReplaceExpression(path, span_of(call[3][0][1]), text),
        ReplaceExpression(path, span_of(given[1]), f"{opening}{listed}{closing}"),
    )
