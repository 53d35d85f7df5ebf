"""Rows and documents that a handler takes for its body and stores as they came, password and all.

A class of SQLModel with `table=True` or a document of Beanie can be the body of a route, and then there is no statement
that copies the password: `session.add(user)`, `await user.insert()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.records import classes_in, field_names, has_own_ways, is_table
from fastapi_seclint.subjects.passwords.names import logs_in_elsewhere, naming
from fastapi_seclint.subjects.passwords.unpacked import names_given
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_ADDS = word_set("add add_all merge insert insert_one insert_many save create bulk_create")
_STORES_ITSELF = word_set("insert save create save_changes replace upsert")
_DEPTH = 3


def stored_rows(known: Passwords) -> Iterator[tuple[Block, Form]]:
    """The calls that store a request's body which is a row itself: block and call."""
    seen: set[tuple[str, int]] = set()
    for route in known.program.routes:
        handler = route.function
        if handler is None or route.endpoint is None or known.program.is_test(handler.module):
            continue
        if not set(route.methods) & {"POST", "PUT", "PATCH"}:
            continue
        for parameter in parameters(route.endpoint):
            if known.program.walker.resolver.dependency_of(parameter) is not None:
                continue
            base = known.program.walker.resolver.type_of(parameter)
            for cls in classes_in(base):
                secret = any(naming(name) == "plain" for name in field_names(cls))
                if secret and is_table(cls) and not has_own_ways(cls) and not logs_in_elsewhere(field_names(cls)):
                    yield from _stored(known, handler, parameter.name, seen, _DEPTH)


def _stored(
    known: Passwords, function: Function, name: str, seen: set[tuple[str, int]], depth: int
) -> Iterator[tuple[Block, Form]]:
    block = body_of(known.program, function)
    key = (function.module.file, function.number)
    if block is None or depth == 0 or key in seen or known.hashes(block) or _is_replaced(known, block, name):
        return
    seen.add(key)
    for form in block.forms.of("call"):
        own = list(called(known.program, block, form))
        positions = [number for number, item in enumerate(form[3]) if item[0] == "name" and item[2] == name]
        match form[2]:
            case ["attr", _, ["name", _, owner], method] if owner == name and method in _STORES_ITSELF:
                yield block, form
            case ["attr", _, _, method] if positions and method in _ADDS and not own:
                yield block, form
            case _ if positions:
                for target, bound in own:
                    index = positions[0] + (1 if bound else 0)
                    if index < len(target.parameters):
                        yield from _stored(known, target, target.parameters[index][0], seen, depth - 1)


def _is_replaced(known: Passwords, block: Block, name: str) -> bool:
    """Whether a block writes a password of the row anew."""
    written = [target for _, target, _ in known.writes(block)]
    return any(target.startswith(f"{name}.") and naming(target[len(name) + 1 :]) for target in written)


def replaced_where_given(known: Passwords, block: Block, made: Form) -> bool:
    """Whether a row that a call makes is handed to code of the project which writes its password anew.

    `row = Member(**body.model_dump())`, `service.create(db, row)`, and there `row.password = hashed(row.password)`.
    """
    return _is_handed_on(known, block, names_given(block, made), made, _DEPTH)


def _is_handed_on(known: Passwords, block: Block, names: set[str], made: Form | None, depth: int) -> bool:
    for form in block.forms.of("call") if depth else ():
        named = [(keyword, value) for keyword, value, _ in form[4] if keyword and _is_it(value, names, made)]
        placed = [number for number, value in enumerate(form[3]) if _is_it(value, names, made)]
        for target, bound in called(known.program, block, form) if named or placed else ():
            inside = body_of(known.program, target)
            taken = [parameter[0] for parameter in target.parameters][1 if bound else 0 :]
            given = {taken[number] for number in placed if number < len(taken)} | {str(keyword) for keyword, _ in named}
            if inside is None or inside is block:
                continue
            if any(_is_replaced(known, inside, name) for name in given):
                return True
            if _is_handed_on(known, inside, given, None, depth - 1):
                return True
    return False


def _is_it(value: Form, names: set[str], made: Form | None) -> bool:
    return value is made or (value[0] == "name" and value[2] in names)
