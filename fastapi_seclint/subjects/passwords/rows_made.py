"""Rows that are made of a request's body as a whole, by their class: `User.model_validate(body)` of SQLModel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Instance, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways, is_table
from fastapi_seclint.subjects.passwords.names import is_of_machine, naming
from fastapi_seclint.subjects.passwords.stages import Where
from fastapi_seclint.subjects.passwords.stores import class_of
from fastapi_seclint.subjects.passwords.whole_bodies import Kept, display_of, whole_body

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_WRITING = frozenset({"insert", "update"})


def rows_of_bodies(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    """The passwords of bodies that become rows as they are; none where a hash is put in: `update={"password": ...}`."""
    cls = class_of(known, block, call[2][2])
    if cls is not None and is_table(cls) and _keeps_what_it_gets(cls):
        yield from put_in(known, block, call)
    if cls is None or not is_table(cls) or not _keeps_passwords(cls) or not call[3]:
        return
    changed = (key for _, value, _ in call[4] for item in walk(value) if item[0] == "dict" for key, _ in item[2])
    if any(key is not None and key[0] == "const" and naming(str(key[2])) for key in changed):
        return
    body = call[3][0]
    source = known.requests.source(Where(block), body, 6) if body[0] == "name" else None
    if source is not None and source.values is None and call[2][3] != "from_orm":
        body = ["call", body[1], ["attr", body[1], body, "model_dump"], [], []]
    yield from whole_body(known, block, call[1], body, set(field_names(cls)))


def put_in(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    """What SQLModel's `update=` puts into a row beside the body: `update={"hashed_password": body.password}`."""
    for keyword, value, _ in call[4]:
        display = value if value[0] == "dict" else display_of(known, block, value)
        if keyword == "update" and display is not None:
            yield from whole_body(known, block, call[1], display)


def fields_of_row(known: Passwords, block: Block, owner: Form) -> set[str] | None:
    """The fields of the row that an expression is, which takes nothing else of a dictionary; None where not known."""
    classes = [option.cls for option in options(ask(known.program, block, owner)) if isinstance(option, Instance)]
    tables = [cls for cls in classes if isinstance(cls, Class) and is_table(cls)]
    return set(field_names(tables[0])) if len(tables) == 1 else None


def table_written(known: Passwords, block: Block, form: Form) -> Class | None:
    """The table whose rows a statement of SQLAlchemy writes, `insert(Reader)`, where nothing hashes them by itself."""
    for call in walk(form):
        if call[0] == "call" and call[3] and last_name(call[2]) in _WRITING:
            cls = class_of(known, block, call[3][0])
            return cls if cls is not None and is_table(cls) and _keeps_what_it_gets(cls) else None
    return None


def _keeps_passwords(cls: Class) -> bool:
    return any(naming(name) == "plain" for name in field_names(cls)) and _keeps_what_it_gets(cls)


def _keeps_what_it_gets(cls: Class) -> bool:
    return not has_own_ways(cls) and not is_of_machine(cls.name)
