"""What the comparison of an owner is made of: the object that is looked up, both sides, and the refusal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit
from fastapi_seclint.facts.forms import Form, mentions
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.stranger_errors import catches
from fastapi_seclint.program.values import Class, Function, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.demanding import http_exception
from fastapi_seclint.subjects.owners.belongings import IDENTITIES, key_of_people, names_owner
from fastapi_seclint.subjects.owners.contacts import is_of_another
from fastapi_seclint.subjects.owners.made_for import as_made
from fastapi_seclint.subjects.owners.ties import Tie
from fastapi_seclint.subjects.payloads.models import fields

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

LOOKS_UP = re.compile(
    r"^(get|find|fetch|load|read|lookup|select|retrieve|first|one|scalar|one_or_none|by_id|query)(_\w+)?$"
)
_OTHERS = re.compile(r"_(all|many|list|count)$|_and_")
"""Several objects, or one that is changed already when it is returned: `find_one_and_update`."""


def refusal(module: Module, absence: Form | None) -> tuple[str, tuple[Edit, ...]]:
    """What refuses: the answer for an object that is not there, so that nobody can tell the two apart."""
    last = absence[3][-1] if absence is not None and absence[0] == "if" else None
    raised = last[2] if last is not None and last[0] == "raise" else None
    said = (code(raised) or rendered(raised)) if raised is not None else None
    if said is not None:
        return f"raise {said}", ()
    exception, imports = http_exception(module)
    return f'raise {exception}(status_code=404, detail="Not found")', imports


def looked_up(handler: Function, variable: str) -> tuple[int, str] | None:
    """The statement of the handler that looks the object up, and the name that it gives it."""
    return _looked_up_among(handler, handler.statements(), variable)


def looked_up_anywhere(function: Function, variable: str) -> tuple[list[Form], int, str] | None:
    """The same in the body of a `try` or a `with` as well: the statements, which of them it is, and the name.

    A `try` that catches a refusal and goes on is left out.
    """
    pending = [function.statements()]
    for statements in pending:
        if (found := _looked_up_among(function, statements, variable)) is not None:
            return statements, *found
        pending += [form[3] for form in statements if form[0] == "with"]
        pending += [form[2] for form in statements if form[0] == "try" and not _swallows(form)]
    return None


def _swallows(trying: Form) -> bool:
    going_on = [handler for handler in trying[3] if handler[2][-1][0] not in ("raise", "return")]
    return catches(going_on, 404)


def _looked_up_among(function: Function, statements: list[Form], variable: str) -> tuple[int, str] | None:
    results = function.module.facts.results  # `note = find(id)` is what stands there, and `return note` below it
    for number, form in enumerate(statements):
        if form[0] == "assign" and len(form[2]) == 1 and form[2][0][0] == "name":
            name = str(form[2][0][2])
        elif form[0] == "return" and form[1] in results:
            name = results[form[1]]
        else:
            continue
        value = form[-1][2] if form[-1][0] == "await" else form[-1]
        used = mentions(value, {variable})
        last = str(value[2][-1]) if value[0] == "call" and value[2][0] in ("name", "attr") else ""
        looks = value[0] == "sub" or (LOOKS_UP.match(last.lstrip("_")) is not None and _OTHERS.search(last) is None)
        if used and looks:
            return number, name
    return None


def tested_for_absence(statements: list[Form], number: int, name: str) -> tuple[bool, Form]:
    """Whether the next statement leaves when nothing was found, and the statement after which the object is there."""
    following = statements[number + 1] if number + 1 < len(statements) else None
    if (
        following is not None
        and following[0] == "if"
        and any(inner[0] in ("raise", "return") for inner in following[3])
    ):
        match following[2]:
            case ["unary", _, "not", ["name", _, tested]] if tested == name:
                return True, following
            case ["compare", _, ["name", _, tested], ["is" | "=="], [["const", _, None]]] if tested == name:
                return True, following
    return _is_subscript(statements[number]), statements[number]


def _is_subscript(form: Form) -> bool:
    return bool(form[-1][0] == "sub")


def sides(program: Program, call: Value, caller: str, field: str, tie: Tie | None) -> tuple[str, str] | None:
    """How to write the owner of the object and the identity of the caller, behind their names."""
    if tie is not None:
        if tie.caller and (tie.his or tie.caller == caller):
            return tie.mine, tie.his
        field = owner_of(tie) or field  # what a function is given as an id is of the caller here
    if not field:
        return None
    cls = _class_of(program, call, caller)
    names = [name for name, _, _ in fields(cls)] if cls is not None else []
    if field in names and field not in IDENTITIES:
        return f".{field}", f".{field}"  # both are of one customer, `invoice.customer_id != me.customer_id`
    if cls is not None and is_of_another(program, field, cls):
        return None
    stem = field.rpartition("_")[2]
    wanted = next((name for name in (stem, "id") if name in names), "") if "_" in field else ""
    if not wanted or stem not in ("id", "email", "username", wanted):
        wanted = key_of_people(program, field)
    if wanted in names:
        return f".{field}", f".{wanted}"
    made = as_made(program, caller, field)
    return (f".{field}", made) if made is not None else None


def owner_of(tie: Tie) -> str:
    """The field that a look-up elsewhere compares with whom it is for, if it is called after an owner."""
    field = tie.mine.removeprefix(".")
    return field if field.isidentifier() and names_owner(field) else ""


def has_column(program: Program, function: Function, name: str, column: str) -> bool:
    """Whether what a function calls by a name is a class with a column."""
    block = body_of(program, function)
    found = options(ask(program, block, ["name", function.at, name])) if block is not None else ()
    return any(isinstance(cls, Class) and column in [one for one, _, _ in fields(cls)] for cls in found)


def _class_of(program: Program, call: Value, caller: str) -> Class | None:
    for parameter in parameters(call):
        if parameter.name == caller:
            return next(access.classes(program.walker.resolver.type_of(parameter)), None)
    return None
