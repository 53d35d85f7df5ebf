"""What is looked up or put down for the caller without a class: statements of SQL, filters and documents of MongoDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.code.sql import met
from fastapi_seclint.subjects.owners.belongings import IDENTITIES, is_staff, names_owner
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.ties import Tie, is_caller, tie_by
from fastapi_seclint.subjects.owners.using import is_attribution

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FINDS = re.compile(
    r"^(async_)?(find|find_one|find_one_and_(update|delete|replace)|delete_(one|many)|(update|replace)_(one|many)"
    r"|count_documents)$"
)
_INSERTS = frozenset({"insert_one", "insert"})


def looks_up_for_caller(program: Program, route: Route) -> bool:
    """Whether a handler, or a function that it hands the caller to, looks rows or documents up by who is calling."""
    handler = route.function
    callers = caller_names(program, route) if handler is not None else set()
    if handler is None or not callers:
        return False
    if _compares(handler, callers):
        return True
    block = body_of(program, handler)
    calls = handler.forms.of("call") if block is not None else []
    handed = (one for call in calls if block is not None for one in handed_to(program, block, call, callers))
    return any(_compares(function, given) for function, given in handed)


def _compares(function: Function, callers: set[str]) -> bool:
    return any(
        is_caller(_plain(value), callers) and not _is_other(column)
        for call in function.forms.of("call")
        for column, value in _compared(call)
    )


def put_down(call: Form, callers: set[str]) -> Iterator[tuple[str, Tie]]:
    """The table or collection that a call inserts into, and how what it inserts is tied to the caller.

    Which columns a statement reads is not known, so that ties of rows name no caller.
    """
    for one in met(call):
        if one.written and is_caller(_plain(one.value), callers) and not _is_other(one.column):
            yield one.table, Tie(f'["{one.column}"]', "", "", "")
    if call[2][0] == "attr" and last_name(call[2]) in _INSERTS and call[3] and call[3][0][0] == "dict":
        for key, value in call[3][0][2]:
            if key is not None and key[0] == "const" and is_caller(_plain(value), callers) and not _is_other(key[2]):
                where = _collection(call[2][2])
                yield where, replace(tie_by(str(key[2]), _plain(value), where), mine=f'["{key[2]}"]')


def _compared(call: Form) -> Iterator[tuple[object, Form]]:
    for one in met(call):
        if not one.written:
            yield one.column, one.value
    if call[2][0] == "attr" and _FINDS.match(call[2][3]) and call[3] and call[3][0][0] == "dict":
        for key, value in call[3][0][2]:
            if key is not None and key[0] == "const":
                yield key[2], value


def _is_other(column: object) -> bool:
    """Whether a column is the caller's own key, or says who looks after a thing."""
    name = snake(str(column))
    return (name in IDENTITIES and not names_owner(name)) or is_staff(name) or is_attribution(name)


def _plain(value: Form) -> Form:
    """A value without the type that it is turned into: `ObjectId(me["_id"])`, `str(me.id)`."""
    while value[0] == "call" and len(value[3]) == 1 and not value[4]:
        value = value[3][0]
    return value


def _collection(form: Form) -> str:
    """What a collection is called: `db.notes`, `db["notes"]`, `notes`."""
    match form:
        case ["sub", _, _, ["const", _, str(name)]]:
            return name
    return last_name(form)
