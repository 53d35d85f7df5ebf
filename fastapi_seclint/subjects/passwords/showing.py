"""Which field of a class, and which values that are kept, show a person's password or its hash in JSON."""

from __future__ import annotations

from fastapi_seclint.program.values import (
    NONE,
    Class,
    Collection,
    External,
    Function,
    Instance,
    Mapping,
    Value,
    options,
    string,
)
from fastapi_seclint.subjects.owners.records import field_names, is_schema, is_table
from fastapi_seclint.subjects.passwords.dumping import dumps_itself
from fastapi_seclint.subjects.passwords.left_out import is_hidden
from fastapi_seclint.subjects.passwords.mappings import IDENTITY, in_mapping
from fastapi_seclint.subjects.passwords.names import is_of_people, is_password, naming
from fastapi_seclint.subjects.passwords.unreadable import made_unreadable

_OPENS = frozenset({"path", "uri", "auth_bearer"})
_SERIALIZERS = ("model_serializer", "field_serializer", "dict", "model_dump", "json")


def password_field(cls: Class) -> str:
    """The field of a class that shows a person's password or its hash in JSON; empty when none does."""
    own = (base.namespace.get(name) for base in cls.lineage() if isinstance(base, Class) for name in _SERIALIZERS)
    if any(made is not None and not (isinstance(made, Function) and dumps_itself(made, cls)) for made in own):
        return ""
    hidden = {
        name
        for base in cls.lineage()
        if isinstance(base, Class)
        for name, annotation, default in base.fields
        if is_hidden(annotation, default)
    } | made_unreadable(cls)
    names = [name for name in field_names(cls) if name not in hidden]
    people = any(map(IDENTITY.match, names)) or (is_of_people(cls.name) and not _OPENS.intersection(names))
    return next((name for name in names if is_password(name, people)), "") or _read_by_alias(cls, hidden)


def held(value: Value, depth: int = 3) -> tuple[str, Class | None] | None:
    """The password of a person that a value shows, with the class whose field it is: an object, or some that are kept.

    `{"ann": User(...)}`, `[User(...), User(...)]`.
    """
    match value:
        case Instance(cls=Class() as cls) if is_table(cls) or is_schema(cls):
            return (name, cls) if (name := password_field(cls)) else None
        case Mapping() if name := in_mapping(value):
            return name, None
        case Mapping(items=pairs):
            kept = [item for _, item in pairs]
        case Collection():
            kept = value.items
        case _:
            return None
    found = (held(option, depth - 1) for item in kept for option in options(item)) if depth else iter(())
    return next((one for one in found if one is not None), None)


def _read_by_alias(cls: Class, hidden: set[str]) -> str:
    """The field that is filled with a hash by its name: `key: str = Field(validation_alias="password_hash")`."""
    for base in cls.lineage():
        for name, _, default in base.fields if isinstance(base, Class) else ():
            given = default.arguments if isinstance(default, External) and name not in hidden else None
            alias = string(given.get("validation_alias") or given.get("alias") or NONE) if given is not None else None
            if alias and naming(alias) == "kept" and is_password(alias):
                return name
    return ""
