"""Response models that Tortoise makes of a table: `pydantic_model_creator(User)`, with what they leave out."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.program.values import Class, Collection, Const, External, Generic, Value, options
from fastapi_seclint.subjects.passwords.showing import password_field

_CREATOR = "pydantic_model_creator()"


def made_of(value: Value) -> Iterator[tuple[str, Class]]:
    """The password fields that such models show, each with the table that has it."""
    for option in options(value):
        if isinstance(option, Generic):
            yield from (pair for member in option.members for pair in made_of(member))
        if not isinstance(option, External) or not option.name.endswith(_CREATOR) or option.arguments is None:
            continue
        given = option.arguments
        chosen = given.get("include") or given.get("computed")
        for cls in options(given.get("cls", 0)) if chosen is None and not given.open else ():
            name = password_field(cls) if isinstance(cls, Class) else ""
            if isinstance(cls, Class) and name and name not in {*_texts(given.get("exclude")), *_own(cls)}:
                yield name, cls


def _own(cls: Class) -> Iterator[str]:
    """What a table leaves out of every model by its `PydanticMeta`."""
    for base in cls.lineage():
        meta = base.namespace.get("PydanticMeta") if isinstance(base, Class) else None
        if isinstance(meta, Class):
            yield from _texts(meta.namespace.get("exclude"))


def _texts(value: Value | None) -> Iterator[str]:
    for option in options(value):
        for item in option.items if isinstance(option, Collection) else ():
            yield from (str(known.value) for known in options(item) if isinstance(known, Const))
