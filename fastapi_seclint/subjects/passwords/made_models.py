"""Models that Tortoise makes of a table: `pydantic_model_creator(User)`, with what they leave out."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.program.values import Arguments, Class, Collection, Const, External, Generic, Value, options
from fastapi_seclint.subjects.passwords.showing import password_field

_CREATOR = "pydantic_model_creator()"


def made_of(value: Value) -> Iterator[tuple[str, Class]]:
    """The password fields that such models show, each with the table that has it."""
    for given in _made(value):
        chosen = given.get("include") or given.get("computed")
        for cls in options(given.get("cls", 0)) if chosen is None and not given.open else ():
            name = password_field(cls) if isinstance(cls, Class) else ""
            if isinstance(cls, Class) and name and name not in {*_texts(given.get("exclude")), *_own(cls)}:
                yield name, cls


def made_fields(value: Value | None) -> Iterator[tuple[Class, list[str]]]:
    """The fields that such models have, each list of them with the table that it is of."""
    for given in _made(value):
        chosen, left_out = given.get("include"), set(_texts(given.get("exclude")))
        for cls in options(given.get("cls", 0)) if not given.open else ():
            if isinstance(cls, Class):
                left_out |= {*_own(cls)}
                names = list(_columns(cls)) if chosen is None else list(_texts(chosen))
                yield cls, [name for name in names if name not in left_out]


def _columns(cls: Class) -> Iterator[str]:
    """The names of what a table keeps: `is_admin = fields.BooleanField()`."""
    for base in cls.lineage():
        for name, value in base.namespace.items() if isinstance(base, Class) else ():
            if isinstance(value, External) and value.called and value.name.startswith("tortoise."):
                yield name


def _made(value: Value | None) -> Iterator[Arguments]:
    """What the calls are given that make such models."""
    for option in options(value):
        if isinstance(option, Generic):
            yield from (given for member in option.members for given in _made(member))
        if isinstance(option, External) and option.name.endswith(_CREATOR) and option.arguments is not None:
            yield option.arguments


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
