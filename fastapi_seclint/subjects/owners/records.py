"""Classes of the project that describe people: what comes with a request, what is stored, which fields they have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, beginning, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import (
    Annotated,
    Class,
    Const,
    Environment,
    External,
    Function,
    Generic,
    Instance,
    Unknown,
    Value,
    options,
)
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TABLE_BASE = re.compile(
    r"(declarative_base\(\)|DeclarativeBase\w*|generate_base\(\)|^beanie\..*Document|^odmantic\..*Model|^mongoengine\."
    r"|^tortoise\.models\.Model|^peewee\.Model|^ormar\.|^umongo\.|^pony\.|^gino\.|^django\.db\.models|^piccolo\."
    r"|SQLAlchemyBaseUserTable|Model_Base|\.db\.Model|^pynamodb\.|^advanced_alchemy\.base|^edgy\.|^saffier\.|^mongomock)"
)
_COLUMN = re.compile(
    r"(^|\.)(Column|mapped_column|CharField|TextField|StringField|String)\(\)$|^piccolo\.columns(\.\w+)*\(\)$"
)
_SCHEMA_BASE = re.compile(
    r"^(pydantic\.|pydantic_v1\.|sqlmodel\.|msgspec\.Struct|typing\.TypedDict|fastapi_users\.schemas"
    r"|fastapi_camelcase\.|fastapi_utils\.api_model\.)"
)
_HASHING = re.compile(rb"hash|crypt|argon")
_HASHED_BY = re.compile(r"hash|crypt|argon|pbkdf2|digest$|^(md5|sha\d+(_\d+)?|blake2[bs])$", re.I)
"""What calls that make a hash or digest of something are named after (hashlib, argon2, bcrypt)."""
_SETTERS = ("setter", "validates", "validator", "field_validator", "model_validator", "root_validator", "listens_for",
            "before_event", "hybrid_property", "BeforeValidator", "AfterValidator")  # fmt: skip


def is_table(cls: Class) -> bool:
    """Whether objects of a class are rows or documents of a database."""
    if any(name.startswith("sqlmodel.") for name in cls.external_bases()):
        return any(isinstance(base, Class) and _says_table(base) for base in cls.lineage())
    if _says_table(cls) or any(_TABLE_BASE.search(name) for name in cls.external_bases()):
        return True
    for base in cls.lineage():
        if isinstance(base, Class):
            if base.mapped or "__tablename__" in base.namespace:
                return True
            if any(isinstance(item, External) and _COLUMN.search(item.name) for item in base.namespace.values()):
                return True
    return False


def _says_table(cls: Class) -> bool:
    table = cls.keywords.get("table")
    return table is not None and getattr(table, "value", None) is True


def is_schema(cls: Class) -> bool:
    """Whether a class describes data that come and go: a pydantic model, a dataclass, a typed dictionary."""
    if is_table(cls):
        return False
    if any(_SCHEMA_BASE.search(name) for name in cls.external_bases()):
        return True
    return any("dataclass" in getattr(item, "name", "") for item in cls.decorators)


def field_names(cls: Class) -> list[str]:
    """The fields of a class, of all of its bases, columns included."""
    found: dict[str, bool] = {}
    for base in cls.lineage():
        if isinstance(base, Class):
            found.update((name, True) for name, _, _ in base.fields)
            found.update((name, True) for name, item in base.namespace.items() if _is_column(item))
    return list(found)


def may_be_missing(cls: Class, field: str) -> bool:
    """Whether an object of a class may come without a field: `password: str | None = None`, or a row's without it."""
    for base in cls.lineage():
        for name, annotation, _ in base.fields if isinstance(base, Class) else ():
            if name == field:
                spoken = (form for form in walk(annotation) if form[0] in ("const", "name", "attr"))
                return any(form[-1] is None or form[-1] == "Optional" for form in spoken)
        column = base.namespace.get(field) if isinstance(base, Class) else None
        if isinstance(column, External) and column.arguments is not None:
            given = column.arguments.keywords
            return "default" in given or any(_is_set(given.get(name)) for name in ("null", "nullable"))
    return False


def _is_set(value: Value | None) -> bool:
    return any(isinstance(option, Const) and option.value is True for option in options(value))


def _is_column(value: object) -> bool:
    return isinstance(value, External) and value.called and (
        _COLUMN.search(value.name) is not None or value.name.endswith((".Field()", "field()"))
    )  # fmt: skip


def is_complete(cls: Class) -> bool:
    """Whether all bases of a class are known, so that it has no further fields."""
    return not any(
        isinstance(base, Unknown | Environment)
        for item in cls.lineage()
        if isinstance(item, Class)
        for base in item.bases
    )


_SET_BY = ("__set__", "db_value", "to_db_value")
"""What descriptors, peewee's fields and Tortoise's do with what an object's field is given."""


def has_own_ways(cls: Class) -> bool:
    """Whether a class takes care of its password itself: a setter, a validator, a column type, a hook that hashes.

    A descriptor or field of the project's own may do so, too.
    """
    for base in cls.lineage():
        if not isinstance(base, Class):
            continue
        for name, value in base.namespace.items():
            if isinstance(value, Function) and _takes_care(value):
                return True
            if name != "model_config" and (_is_special_column(value) or _changes_what_is_set(value)):
                return True
        for name, annotation, _ in base.fields:
            if "passw" in name.lower() and _special_annotation(annotation):
                return True
    return _listened(cls)


def _takes_care(function: Function) -> bool:
    hook = function.name in ("__init__", "__setattr__", "save", "create", "insert", "before_save", "pre_save", "clean",
                             "model_post_init", "__post_init__", "set", "update")  # fmt: skip
    if not hook and function.kind != "property" and not _is_decorated(function):
        return False
    return _hashes(function)


def _is_decorated(function: Function) -> bool:
    names = [str(getattr(item, "name", "") or getattr(item, "reason", "")) for item in function.decorators]
    return (bool(names) and any(word in name for name in names for word in _SETTERS)) or bool(function.decorators)


def _hashes(function: Function, depth: int = 2) -> bool:
    """Whether a function calls something that is called after hashing, or one of its file or class that does."""
    for form in function.forms.of("call"):
        if form[2][0] not in ("name", "attr"):
            continue
        if _HASHED_BY.search(str(form[2][-1])):
            return True
        owner = last_name(form[2][2]) if form[2][0] == "attr" else ""
        if re.search(r"pwd|hash|crypt|argon", owner, re.I):
            return True
        if depth and any(_hashes(inner, depth - 1) for inner in _named_there(function, form[2])):
            return True
    return False


def _named_there(function: Function, callee: Form) -> Iterator[Function]:
    """The functions of a file, or of the class around a method, that a callee names: `seal(value)`, `self._seal(x)`."""
    names = function.module.scope.names
    if callee[0] == "attr":
        own = function.owner is not None and callee[2][0] == "name" and callee[2][2] in ("self", "cls")
        names = function.owner.namespace if own and function.owner is not None else {}
    value = names.get(str(callee[-1]))
    yield from (option for option in options(value) if isinstance(option, Function) and option.number >= 0)


def _is_special_column(value: Value) -> bool:
    """A column of a type that hashes: `PasswordType` of sqlalchemy_utils, a type of the project named so."""
    if not isinstance(value, External) or value.arguments is None:
        return False
    given = [*value.arguments.positional[:2], *value.arguments.keywords.values()]
    names = [item.name for item in given if isinstance(item, External | Class)]
    if any(isinstance(item, Class) and "process_bind_param" in item.namespace for item in given):
        return True
    names += [item.cls.name for item in given if hasattr(item, "cls") and isinstance(item.cls, Class | External)]
    return any("passw" in name.lower() or "encrypt" in name.lower() for name in names)


def _changes_what_is_set(value: Value) -> bool:
    """Whether a value is a descriptor or a field of a class of the project's own that hashes what it is given."""
    if not isinstance(value, Instance) or not isinstance(value.cls, Class):
        return False
    methods = [item.namespace.get(name) for item in value.cls.lineage() if isinstance(item, Class) for name in _SET_BY]
    return any(isinstance(method, Function) and _hashes(method) for method in methods)


def _special_annotation(annotation: Form) -> bool:
    """`Annotated[str, AfterValidator(hash_password)]` and types named after hashes."""
    return any(form[0] in ("name", "attr") and re.search(r"hash", str(form[-1]), re.I) for form in walk(annotation))


def _listened(cls: Class) -> bool:
    """Whether the class's module listens to changes of it: `@event.listens_for(User.password, "set")`."""
    facts = cls.module.facts
    if "listens_for" not in facts.words or cls.name not in facts.words:
        return False
    names = {base.name for base in cls.lineage() if isinstance(base, Class)}
    own = {form[2] for form in facts.module if form[0] == "class"}
    for form in facts.forms(MODULE).of("def"):
        heard = [
            item[3][0] for item in form[6] if item[0] == "call" and last_name(item[2]) == "listens_for" and item[3]
        ]
        told = [beginning(item) for item in heard]
        if any(name in names or name not in own for name in told) and _speaks_of_hashing(cls.module, form):
            return True
    return False


def _speaks_of_hashing(module: Module, definition: Form) -> bool:
    if module.facts.body_speaks(definition[2], _HASHING):
        return True
    called = (form[2] for form in module.facts.forms(definition[2]).of("call") if form[2][0] == "name")
    values = (option for callee in called for option in options(module.scope.local(callee[2])))
    return any(isinstance(option, Function) and option.number >= 0 and _hashes(option, 1) for option in values)


def classes_in(value: Value | None) -> list[Class]:
    """The project classes an annotation names: `User`, `Optional[User]`, `list[User]`, `Annotated[User, ...]`."""
    if isinstance(value, Class):
        return [value]
    if isinstance(value, Annotated):
        return classes_in(value.base)
    if isinstance(value, Generic):
        return [cls for member in value.members for cls in classes_in(member)]
    return [cls for option in getattr(value, "options", []) for cls in classes_in(option)]


def classes_returned(program: Program, function: Function) -> list[Class]:
    """The classes in a function's return annotation."""
    if function.returns is None:
        return []
    outside = Block(function.module, function, function.module.scope, NO_STATEMENTS)
    return classes_in(ask(program, outside, function.returns))
