"""Collections of documents in which passwords are kept: `db.users.insert_one({..., "password_hash": ...})`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.implementers import heirs
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, Unknown, options
from fastapi_seclint.subjects.code.origins import ask, written_at
from fastapi_seclint.subjects.passwords.dumping import DUMPS, LEAVING_OUT, written_above
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PUTTING = frozenset(
    {
        "insert_one", "insert_many", "replace_one", "update_one", "update_many", "find_one_and_update",
        "find_one_and_replace",
    }
)  # fmt: skip
_LONGEST = 6
_ANY = frozenset({"collection", "coll", "col", "c"})
"""What says nothing of what is kept there."""
_ASKING = frozenset({"find_one", "find", "find_one_and_update", "find_one_and_delete", "find_one_and_replace"})
_GOING_ON = frozenset({"to_list", "sort", "limit", "skip"})
_CHOOSING = frozenset({"$project", "$unset", "$group", "$replaceRoot", "$replaceWith", "$count", "$facet", "$bucket"})
"""The stages of an aggregation after which its documents are no whole ones any more."""


def collections_of(program: Program, block: Block, call: Form) -> Iterator[str]:
    """The collections that a call asks for whole documents, none where it chooses fields: `db["users"].find()`.

    An aggregation has those in it as well that it looks up: `{"$lookup": {"from": "users", ...}}`.
    """
    for _ in range(_LONGEST):
        if call[0] == "call" and call[2][0] == "attr" and call[2][3] in _GOING_ON:
            call = call[2][2]
            call = written_above(block, call) if call[0] == "name" else call
    if call[0] == "await":
        call = call[2]
    if call[0] != "call" or call[2][0] != "attr":
        return
    if call[2][3] == "aggregate":
        yield from _aggregated(program, block, call)
    if call[2][3] not in _ASKING:
        return
    further = call[3][1:] if call[2][3] != "find_one_and_update" else call[3][2:]
    further = [*further, *(value for keyword, value, _ in call[4] if keyword not in _WHOLE)]
    if all(map(_keeps_password, further)):
        yield from _names(program, block, call[2][2])


def comes_by_detour(form: Form) -> bool:
    """Whether an expression joins documents to others, or makes text of them: nobody sees in which of them a key is."""
    for item in walk(form):
        if (item[0] == "attr" and item[3] == "aggregate") or (item[0] == "call" and item[2][-1] in ("loads", "dumps")):
            return True
    return False


def _aggregated(program: Program, block: Block, call: Form) -> Iterator[str]:
    pipeline = written_above(block, call[3][0]) if call[3] else None
    if pipeline is None or pipeline[0] != "list" or any(stage[0] != "dict" for stage in pipeline[2]):
        return
    stages = [(str(key[2]), value) for stage in pipeline[2] for key, value in stage[2] if key and key[0] == "const"]
    if any(name in _CHOOSING for name, _ in stages):
        return
    yield from _names(program, block, call[2][2])
    for stage, value in stages:
        given = {key[2]: inner for key, inner in value[2] if key and key[0] == "const"} if value[0] == "dict" else {}
        if stage == "$lookup" and "pipeline" not in given and given.get("from", [""])[0] == "const":
            yield str(given["from"][2])


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
                    yield from ((name, block, value) for name in _names(program, block, owner))


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


def _names(program: Program, block: Block, owner: Form) -> Iterator[str]:
    """The names of a collection; that of an object is another one for each class that inherits the method."""
    cls = block.function.owner if block.function is not None else None
    if cls is not None and owner[0] == "attr" and owner[2][2:] == ["self"]:
        yield from dict.fromkeys(_kept_by(one, str(owner[3])) for one in (cls, *heirs(program, cls)))
    elif name := _named(program, block, owner):
        yield name


def _named(program: Program, block: Block, owner: Form) -> str:
    """What a collection is called in its database, as far as that is written: `users` for `people = db["users"]`."""
    if owner[0] == "name":
        above = written_above(block, owner)
        if above is not owner:
            return _called(above) or str(owner[2])
        for option in options(ask(program, block, owner)):
            place = option.place if isinstance(option, Unknown) else None
            written = written_at(program, place, ("sub", "attr", "call")) if place is not None else None
            if written is not None and (name := _called(written[1])):
                return name
    return _called(owner)


def _kept_by(cls: Class, attribute: str) -> str:
    """What the collection that objects of a class keep is called: `self.collection = db.users` in its constructor.

    Where that is not written, the `collection` of one class is another than that of the next.
    """
    for base in cls.lineage():
        maker = base.namespace.get("__init__") if isinstance(base, Class) else None
        for form in maker.forms.of("assign") if isinstance(maker, Function) else ():
            own = any(target[0] == "attr" and target[2][2:] == ["self"] and target[3] == attribute
                      for target in form[2])  # fmt: skip
            if own and form[3][0] != "name" and (name := _called(form[3])):
                return name
    return f"{attribute} of {cls.name}" if attribute.strip("_") in _ANY else attribute


def _called(owner: Form) -> str:
    match owner:
        case ["attr", _, _, name]:
            return str(name)
        case ["name", _, name]:
            return str(name)
        case ["sub", _, _, ["const", _, str() as name]]:
            return name
        case ["call", _, ["attr", _, _, "get_collection"], [["const", _, str() as name], *_], _]:
            return name
    return ""
