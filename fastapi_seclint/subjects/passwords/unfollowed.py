"""Accounts that a program writes in ways that are not followed, so that nobody knows what is kept for them.

A login that verifies hashes lets none of those in whose password is kept as it was typed somewhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class
from fastapi_seclint.subjects.code.origins import blocks_of, bodies
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways, is_table
from fastapi_seclint.subjects.passwords.names import is_at_a_server, is_of_machine, naming
from fastapi_seclint.subjects.passwords.positional import by_name
from fastapi_seclint.subjects.passwords.stores import class_of
from fastapi_seclint.subjects.passwords.whole_bodies import Kept

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_INSERTS = re.compile(r"\binsert\s+into\s+\S+\s*\([^)]*(passw|pwd|hash)", re.I)
_INSERTS_ANY = re.compile(r"\binsert\s+into\s+\S*$", re.I)
_ANY_CLASS = frozenset({"model", "model_class", "model_cls", "entity", "entity_class", "document", "table", "schema"})
_CONSTANT = ("const", "bytes")


def writes_unfollowed(known: Passwords, found: Sequence[Kept]) -> bool:
    """Whether the program makes rows with a password of which none of the places that are found says what it is."""
    places = {(item.block.module.file, item.block.number) for item in found}
    forms = {id(form) for item in found for form in walk(item.form)}
    for block, call, cls in _made(known):
        if not any(id(form) in forms for form in walk(call)) and not _is_followed(known, block, call, cls, places):
            return True
    if not found and any(map(_writes_any, known.program.sites.blocks())):
        return True
    return any(not _is_told(known, block, places) for block in _inserting(known))


def _writes_any(block: Block) -> bool:
    """Whether a function makes a row of whatever class or table: `self.model(**data)`, `f"INSERT INTO {table} ..."`."""
    for call in block.forms.of("call"):
        spread = any(keyword is None for keyword, _, _ in call[4])
        if spread and last_name(call[2]).strip("_") in _ANY_CLASS:
            return True
    return any(
        form[2][1][0] == "fmt" and form[2][0][0] == "const" and _INSERTS_ANY.search(str(form[2][0][2])) is not None
        for form in block.forms.of("fstr")
        if len(form[2]) > 1
    )


def _made(known: Passwords) -> Iterator[tuple[Block, Form, Class]]:
    """The calls that make rows of people, who have a column for a password."""
    for module in known.program.modules.by_file.values():
        for block in () if known.program.is_test(module) else blocks_of(known.program, module):
            for call in block.forms.of("call"):
                cls = class_of(known, block, call[2]) if last_name(call[2])[:1].isupper() else None
                if cls is None or not is_table(cls) or has_own_ways(cls) or is_of_machine(cls.name):
                    continue
                fields = field_names(cls)
                if any(map(naming, fields)) and not is_at_a_server(fields):
                    yield block, call, cls


def _is_followed(known: Passwords, block: Block, call: Form, cls: Class, places: set[tuple[str, int]]) -> bool:
    """Whether it is known what a row gets for its password, here or in what is called here; or that it has none."""
    given = [(name, value) for name, value, _ in by_name(known, block, call)[4]]
    told = [value for name, value in given if name is not None and naming(name)]
    if told:
        return all(value[0] in _CONSTANT or known.text(block, value) is not None for value in told)
    spread = any(name is None for name, _ in given)
    speaks = any(form[0] in ("name", "attr", "const") and naming(str(form[-1])) for form in block.forms.every)
    return (bool(given) and not spread and not speaks) or _is_told(known, block, places)


def _is_told(known: Passwords, block: Block, places: set[tuple[str, int]]) -> bool:
    """Whether a function, or one that it calls, keeps a password as it was typed, as was found, or a hash of one."""
    calls = block.forms.of("call")
    inner = [block, *(body for call in calls for body in bodies(known.program, block, call))]
    if any((one.module.file, one.number) in places for one in inner):
        return True
    texts = (text for call in calls if (text := known.text(block, call)) is not None)
    return any(text.kind in ("hash", "digest") for text in texts)


def _inserting(known: Passwords) -> Iterator[Block]:
    """The functions that insert a row with a password by a statement of SQL."""
    for block in known.blocks:
        texts = (form[2] for form in block.forms.every if form[0] == "const" and isinstance(form[2], str))
        if block.function is not None and any(map(_INSERTS.search, texts)):
            yield block
