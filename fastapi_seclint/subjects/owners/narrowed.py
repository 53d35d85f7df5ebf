"""The fix of a missing check of ownership in a look-up: narrowed as a sibling's is, by a keyword or a condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression, SetDictItem, SetKeyword
from fastapi_seclint.facts.forms import Form, names_in, span_of
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.identity import caller_names, guards

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FINDS = frozenset({"filter", "filter_by", "get", "get_or_none", "get_or_404", "find_one", "first"})
_KEYS = frozenset({"id", "pk", "uuid"})
_ASKS = frozenset(
    {"find", "find_one", "delete_one", "update_one", "replace_one", "find_one_and_update", "find_one_and_delete",
     "find_one_and_replace", "count_documents"}
)  # fmt: skip
"""Methods of a collection whose first argument says which documents (PyMongo, Motor)."""


def narrowed(program: Program, route: Route, sibling: Route, variable: str) -> Fix | None:
    """`Invoice.get_or_none(id=number, account=me)`, where the sibling says `Invoice.filter(account=me)`."""
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    if route.function is None or sibling.function is None or not caller:
        return None
    callers = caller_names(program, sibling)
    owners = {
        owner: (keyword, value)
        for owner, call in _finding(sibling.function)
        for keyword, value, _ in call[4]
        if keyword is not None and keyword not in _KEYS and len(names_in(value)) == 1 and names_in(value) <= callers
    }
    for owner, call in _finding(route.function):
        asked = {keyword: value for keyword, value, _ in call[4]}
        by_id = any(key in _KEYS and value[0] == "name" and value[2] == variable for key, value in asked.items())
        if not by_id or owner not in owners or owners[owner][0] in asked:
            continue
        keyword, value = owners[owner]
        written = code(_named(value, caller))
        if written is not None:
            edit = SetKeyword(route.function.module.path, span_of(call[1]), keyword, written)
            return Fix(f"look it up among those of {caller}", False, (edit,))
    return _in_document(route.function, sibling.function, variable, caller, callers) or _picked(
        route.function, sibling.function, variable, caller, callers
    )


def _in_document(function: Function, sibling: Function, variable: str, caller: str, callers: set[str]) -> Fix | None:
    """`db.drafts.delete_one({"_id": number, "cook": me})`, where a sibling says `db.drafts.find({"cook": me})`."""
    owners = {
        owner: (key[2], value)
        for owner, query in _queries(sibling)
        for key, value in query[2]
        if key is not None and key[0] == "const" and names_in(value) and names_in(value) <= callers
    }
    for owner, query in _queries(function):
        asked = {key[2]: value for key, value in query[2] if key is not None and key[0] == "const"}
        by_id = any(key in ("_id", "id") and variable in names_in(value) for key, value in asked.items())
        if not by_id or owner not in owners or owners[owner][0] in asked:
            continue
        key, value = owners[owner]
        written = code(_named(value, caller))
        if written is not None:
            edit = SetDictItem(function.module.path, span_of(query[1]), str(key), written)
            return Fix(f"look it up among those of {caller}", False, (edit,))
    return None


def _queries(function: Function) -> Iterator[tuple[str, Form]]:
    """The documents that collections of MongoDB are asked for, each with the collection: `db.drafts`, `{"_id": 3}`."""
    for call in function.forms.of("call"):
        if call[2][0] == "attr" and call[2][3] in _ASKS and call[3] and call[3][0][0] == "dict":
            yield spelled(call[2][2]), call[3][0]


def _picked(function: Function, sibling: Function, variable: str, caller: str, callers: set[str]) -> Fix | None:
    """`next((t for t in TRIPS if t.id == number and t.owner == me), None)`, where a sibling has `if t.owner == me`."""
    owners = {
        spelled(iterable): (target[2], condition)
        for target, iterable, condition in _conditions(sibling)
        if names_in(condition) - {target[2]} and names_in(condition) - {target[2]} <= callers
    }
    for target, iterable, condition in _conditions(function):
        name, owned = owners.get(spelled(iterable), ("", condition))
        if not name or names_in(condition) != {target[2], variable}:
            continue
        asked, narrower = code(condition), code(_renamed(owned, name, target[2], caller))
        if asked is not None and narrower is not None:
            edit = ReplaceExpression(function.module.path, span_of(condition[1]), f"{asked} and {narrower}")
            return Fix(f"look it up among those of {caller}", False, (edit,))
    return None


def _conditions(function: Function) -> Iterator[tuple[Form, Form, Form]]:
    """The comprehensions of a function with one clause and one comparison for equality: target, iterable, condition."""
    for form in function.forms.of("comp"):
        match form[5]:
            case [[["name", _, _] as target, ["name" | "attr", *_] as iterable, [["compare", _, _, ["=="], _] as one]]]:
                yield target, iterable, one


def _renamed(form: Form, name: str, new: str, caller: str) -> Form:
    if form and form[0] == "name":
        return ["name", form[1], new if form[2] == name else caller]
    return [_renamed(item, name, new, caller) if isinstance(item, list) else item for item in form]


def _finding(function: Function) -> Iterator[tuple[str, Form]]:
    """The calls of a function that find by keywords, each with what they find: `Invoice`, `db.query(Note)`.

    A method of the project's own, `store.one(id=number)`, is the same to two handlers only as a whole.
    """
    for call in function.forms.of("call"):
        if call[2][0] == "attr" and call[2][3] not in _FINDS and call[4] and not call[3]:
            yield spelled(call[2]), call
        if call[2][0] == "attr" and call[2][3] in _FINDS and call[4]:
            owner = call[2][2]
            what = owner[3][0] if owner[0] == "call" and owner[2][0] == "attr" and owner[3] else owner
            yield spelled(what), call


def _named(form: Form, caller: str) -> Form:
    if form and form[0] == "name":
        return ["name", form[1], caller]
    return [_named(item, caller) if isinstance(item, list) else item for item in form]
