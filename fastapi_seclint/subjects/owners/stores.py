"""What is looked up or put down for the caller without a class: statements of SQL, filters and documents of MongoDB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Const, Function
from fastapi_seclint.subjects.code.handing import handed_down, handed_to
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.code.sql import met
from fastapi_seclint.subjects.owners.belongings import IDENTITIES, is_staff, names_owner, singular
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.kept_callers import kept_callers, of_method
from fastapi_seclint.subjects.owners.notes import is_attribution
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.ties import Tie, is_caller, tie_by
from fastapi_seclint.subjects.owners.using import tells_caller
from fastapi_seclint.subjects.owners.views import view_node
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FINDS = re.compile(
    r"^(async_)?(find|find_one|find_one_and_(update|delete|replace)|delete_(one|many)|(update|replace)_(one|many)"
    r"|count_documents|match)$"
)
"""How documents of MongoDB are found, and rows by PostgREST: `table("notes").match({"owner_id": me.id})`."""
_ASKING = frozenset({"where", "filter"})
"""The keywords under which columns are asked for: `prisma.note.find_first(where={"id": key, "owner_id": me.id})`."""
_INSERTS = frozenset({"insert_one", "insert"})


def looks_up_for_caller(program: Program, route: Route, resource: str) -> bool:
    """Whether a handler, or a function that it hands the caller to, looks rows or documents up by who is calling."""
    handler = route.function
    callers = caller_names(program, route) if handler is not None else set()
    if handler is None or not callers:
        return False
    if _compares(program, handler, callers) or _is_looked_up_in_view(program, route, handler):
        return True
    if _takes_own(program, handler, callers, resource):
        return True
    return any(_compares(program, function, given) for function, given in _handed(program, handler, callers))


def looks_up_both(program: Program, route: Route, variable: str) -> bool:
    """Whether one statement asks for the id in the path and for the caller: `WHERE id = ? AND owner_id = ?`."""
    handler = route.function
    callers = caller_names(program, route) if handler is not None else set()
    if handler is None or not callers:
        return False
    return _together(program, handler, callers, {variable}) or _asked_inside(program, route, handler)


def _asked_inside(program: Program, route: Route, handler: Function) -> bool:
    """Whether a method of an object that keeps the caller asks for him and for what it is given in one look-up."""
    kept = kept_callers(program, route)
    for function in reached(program, handler, 1) if kept else ():
        own, block = set(of_method(function, kept)), body_of(program, function)
        given = {parameter[0] for parameter in function.parameters[1:]}
        if block is None or not own:
            continue
        for call in block.forms.of("call"):
            found = [(column, _plain(value)) for column, value in _compared(_spelled_out(program, block, call))]
            if any(value[0] == "name" and value[2] in given for _, value in found) and any(
                is_caller(value, own) and not _is_other(column) for column, value in found
            ):
                return True
    return False


def _together(program: Program, function: Function, callers: set[str], ids: set[str], depth: int = 2) -> bool:
    block = body_of(program, function)
    if block is None:
        return False
    for call in function.forms.of("call"):
        found = [(column, _plain(value)) for column, value in _compared(_spelled_out(program, block, call))]
        if any(value[0] == "name" and value[2] in ids for _, value in found) and any(
            is_caller(value, callers) and not _is_other(column) for column, value in found
        ):
            return True
        handed = {id(one): given for one, given in handed_to(program, block, call, callers)} if depth else {}
        for one, given in handed_to(program, block, call, ids) if handed else ():
            if id(one) in handed and _together(program, one, handed[id(one)], given, depth - 1):
                return True
    return False


def lists_of_caller(program: Program, resource: str, about: Mapping[str, Iterable[Route]]) -> bool:
    """Whether the list of all things of a kind, `/keys`, is of the caller's only."""
    lists = {
        other.place: other
        for other in about.get(resource, ())
        if "GET" in other.methods and resource_of(other) == (resource, "")
    }
    return bool(lists) and all(
        looks_up_for_caller(program, other, resource) or _selects_own(program, other) for other in lists.values()
    )


def _selects_own(program: Program, route: Route) -> bool:
    """Whether a function that gets the caller of a handler compares a column for owners with him."""
    handler = route.function
    callers = caller_names(program, route) if handler is not None else set()
    for function, given in _handed(program, handler, callers) if handler is not None and callers else ():
        for form in function.forms.of("compare"):
            sides = (form[2], *form[4])
            owned = any(side[0] == "attr" and names_owner(side[3]) and not is_staff(side[3]) for side in sides)
            if owned and any(is_caller(side, given) for side in sides):
                return True
    return False


def _takes_own(program: Program, handler: Function, callers: set[str], resource: str) -> bool:
    """Whether a handler, or a function that it hands the caller to, takes his things of a kind: `tenant.leases`."""
    return any(
        form[2][0] == "name" and form[2][2] in given and form[3] != resource and singular(form[3]) == resource
        for function, given in ((handler, callers), *_handed(program, handler, callers))
        for form in function.forms.of("attr")
    )


def _handed(program: Program, handler: Function, callers: set[str]) -> Iterator[tuple[Function, set[str]]]:
    """The functions that get the caller of a handler, and those to which they hand him on."""
    for found in handed_down(program, handler, callers):
        yield from found


def _compares(program: Program, function: Function, callers: set[str]) -> bool:
    block = body_of(program, function)
    return any(
        is_caller(_plain(value), callers) and not _is_other(column)
        for call in function.forms.of("call")
        for column, value in _compared(call if block is None else _spelled_out(program, block, call))
    )


def _is_looked_up_in_view(program: Program, route: Route, handler: Function) -> bool:
    """Whether a method of a view compares a column with the caller that its object has: `{"owner": self.me}`."""
    view = view_node(route)
    names = {child.parameter for child in view.children if tells_caller(program, child)} if view is not None else set()
    if not names:
        return False
    own = handler.parameters[0][0]
    return any(
        value[0] == "attr" and value[3] in names and value[2][2:] == [own] and not _is_other(column)
        for call in handler.forms.of("call")
        for column, given in _compared(call)
        for value in (_plain(given), _plain(given)[2] if _plain(given)[0] == "attr" else given)
    )


def _spelled_out(program: Program, block: Block, call: Form) -> Form:
    """A call that is given the name of a statement with the statement in its place: `fetch(MINE, me)`."""
    if not call[3] or call[3][0][0] not in ("name", "attr"):
        return call
    value = ask(program, block, call[3][0])
    if not isinstance(value, Const) or not isinstance(value.value, str):
        return call
    return [*call[:3], [["const", call[3][0][1], value.value], *call[3][1:]], call[4]]


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
    asked = [value for keyword, value, _ in call[4] if keyword in _ASKING]
    if call[2][0] == "attr" and _FINDS.match(call[2][3]):
        asked += call[3][:1]
    for key, value in (pair for form in asked if form[0] == "dict" for pair in form[2]):
        if key is not None and key[0] == "const":
            yield key[2], value
    match call:
        case ["call", _, ["attr", _, _, "eq"], [["const", _, str(column)], value], _]:
            yield column, value
        case ["call", _, ["attr", _, _, "filter"], [["const", _, str(column)], ["const", _, "eq"], value], _]:
            yield column, value


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
