"""Collections of documents in which passwords are kept: `db.users.insert_one({..., "password_hash": ...})`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Instance, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.passwords.dumping import DUMPS, LEAVING_OUT
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PUTTING = frozenset(
    {
        "insert_one", "insert_many", "replace_one", "update_one", "update_many", "find_one_and_update",
        "find_one_and_replace",
    }
)  # fmt: skip
_ASKING = frozenset({"find_one", "find", "find_one_and_update", "find_one_and_delete", "find_one_and_replace"})
_GOING_ON = frozenset({"to_list", "sort", "limit", "skip"})


def collection_of(call: Form) -> str:
    """The collection that a call asks for whole documents, empty where it chooses fields: `db["users"].find()`."""
    while call[0] == "call" and call[2][0] == "attr" and call[2][3] in _GOING_ON:
        call = call[2][2]
    if call[0] != "call" or call[2][0] != "attr" or call[2][3] not in _ASKING:
        return ""
    further = call[3][1:] if call[2][3] != "find_one_and_update" else call[3][2:]
    further = [*further, *(value for keyword, value, _ in call[4] if keyword not in _WHOLE)]
    return "" if any(not _keeps_password(item) for item in further) else _named(call[2][2])


_WHOLE = frozenset({"filter", "update", "sort", "limit", "skip", "session", "return_document", "upsert"})


def _keeps_password(projection: Form) -> bool:
    """Whether a projection only takes other fields away: `{"_id": 0}`."""
    if projection[0] != "dict" or not projection[2]:
        return False
    return all(
        key is not None and key[0] == "const" and value[0] == "const" and not value[2] and not naming(str(key[2]))
        for key, value in projection[2]
    )


def kept_documents(program: Program) -> Iterator[tuple[str, Block, Form]]:
    """What is put into collections: name, block, and the document's dictionary or model."""
    for block in program.sites.blocks(_PUTTING):
        for form in block.forms.of("call") if not program.is_test(block.module) else ():
            match form:
                case ["call", _, ["attr", _, owner, method], [*_, value], _] if method in _PUTTING:
                    if name := _named(owner):
                        yield name, block, value


def models_in(program: Program, block: Block, value: Form) -> Iterator[Class]:
    """The classes whose objects a document is made of: `user.model_dump()`, `{**jsonable_encoder(user)}`."""
    for form in walk([value]):
        inner: Form | None = None
        match form:
            case ["call", _, ["attr", _, owner, method], _, keywords] if method in DUMPS:
                inner = owner if not any(keyword in LEAVING_OUT for keyword, _, _ in keywords) else None
            case ["call", _, ["name", _, "jsonable_encoder" | "dict" | "vars" | "asdict"], [owner, *_], _]:
                inner = owner
        for option in options(ask(program, block, inner)) if inner is not None else ():
            if isinstance(option, Instance) and isinstance(option.cls, Class):
                yield option.cls


def _named(owner: Form) -> str:
    match owner:
        case ["attr", _, _, name]:
            return str(name)
        case ["name", _, name]:
            return str(name)
        case ["sub", _, _, ["const", _, str() as name]]:
            return name
    return ""
