"""A model of a user without his password: one that the project has, or a new one made of the other fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, External, options
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.owners.records import field_names, is_schema, is_table
from fastapi_seclint.subjects.passwords.names import is_password, naming
from fastapi_seclint.subjects.passwords.showing import password_field
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_STORED = re.compile(
    r"(In)?D[Bb]$|(?<=[a-z])(Model|Orm|ORM|Table|Record|Row|Entity|Document)$|^(Stored|Db|DB)(?=[A-Z])"
)
_HOMES = {"datetime": "datetime", "date": "datetime", "UUID": "uuid"}
_NO_COLUMNS = frozenset({"ClassVar", "Relationship", "relationship"})
_SHOWING = word_set("out public read response schema view info display base profile me detail details dto")
_TAKING = word_set("create update in register login signup request form input token credentials new patch filter")
_COLUMNS = {
    "Integer": "int", "BigInteger": "int", "SmallInteger": "int", "String": "str", "Text": "str", "Unicode": "str",
    "UnicodeText": "str", "VARCHAR": "str", "Boolean": "bool", "Float": "float", "DateTime": "datetime",
    "Date": "date", "JSON": "object", "UUID": "UUID",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicModel:
    """The name of a model in a file, the edits that bring it there, and whether the stored class descends from it."""

    name: str
    edits: tuple[Edit, ...]
    is_base: bool = False


def public_model(program: Program, cls: Class, user: Module) -> PublicModel | None:
    """A model for the objects of a class that leaves their password out, for a file; None where none can be made."""
    for base in list(cls.lineage())[1:]:
        if isinstance(base, Class) and is_schema(base) and _shows_most(base, cls) and not _has_password(base):
            return _imported(base.name, base.module, user, (), True)
    for other in _similar(program, cls):
        return _imported(other.name, other.module, user, (), False)
    return _made(cls, user)


def _shows_most(base: Class, cls: Class) -> bool:
    """Whether a base has at least half of the fields; one that has an id alone would take the rest from callers.

    One that is called after something else, or nothing at all, has to have them all: `BaseModel` with an id and a date.
    """
    if {*field_names(base)} <= _KEYS:
        return False
    known, wanted = len(field_names(base)), len([name for name in field_names(cls) if not naming(name)])
    return 2 * known >= wanted if {*words_of(base.name)} & {*words_of(cls.name)} else known >= wanted


_KEYS = frozenset({"id", "pk", "uuid"})


def _has_password(cls: Class) -> bool:
    return bool(password_field(cls)) or any(naming(name) for name in field_names(cls))


def _similar(program: Program, cls: Class) -> Iterator[Class]:
    """The models for answers that show fields of a class only, the one with most of them first."""
    wanted, stem = set(field_names(cls)), _stem(cls)
    found = []
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        for other in module.scope.names.values():
            if not isinstance(other, Class) or other.module is not module or other is cls or not is_schema(other):
                continue
            fields, words = set(field_names(other)), set(words_of(other.name))
            showing = other.name != stem and words & _SHOWING and not words & _TAKING
            if showing and other.name.startswith(stem) and fields and fields <= wanted and not _has_password(other):
                found.append(other)
    yield from sorted(found, key=lambda other: (-len(field_names(other)), other.name))


def _stem(cls: Class) -> str:
    return _STORED.sub("", cls.name) or cls.name


def _imported(name: str, source: Module, user: Module, edits: tuple[Edit, ...], is_base: bool) -> PublicModel:
    if source is user:
        return PublicModel(name, edits, is_base)
    local = local_name(user, name, source.name)
    alias = local if local != name else None
    return PublicModel(
        local, (*edits, AddImport(user.path, source.name, name, alias, local=True, target=source.path)), is_base
    )


def _made(cls: Class, user: Module) -> PublicModel | None:
    """A new model below the class, with its fields but the password."""
    statement = _statement(cls)
    fields = list(_fields(cls))
    if statement is None or not fields or any(annotation is None for _, annotation in fields):
        return None
    path, stem = cls.module.path, _stem(cls)
    names = (f"{stem}{ending}" for ending in ("Public", "Out", "Shown"))
    name = next((name for name in names if name not in cls.module.facts.words), None)
    if name is None:
        return None
    known = options(cls.module.scope.local("BaseModel"))
    own = not any(isinstance(one, External) and one.name.startswith("pydantic.") for one in known)
    base = local_name(cls.module, "BaseModel", "pydantic") if own else "BaseModel"
    edits: list[Edit] = [AddImport(path, "pydantic", "BaseModel", base if base != "BaseModel" else None)]
    lines = ""
    for field, annotation in fields:
        kind, _, rest = str(annotation).partition(" ")
        if kind in _HOMES:
            kind = _spelled(cls.module, kind)
            edits += [AddImport(path, _HOMES[kind], kind)] if kind in _HOMES else []
        lines += f"    {field}: {kind} {rest}".rstrip() + "\n"
    edits.append(InsertStatements(path, span_of(statement[1]), "after", f"class {name}({base}):\n{lines}"))
    return _imported(name, cls.module, user, tuple(edits), False)


def _spelled(module: Module, kind: str) -> str:
    """How a file writes one of the standard library's types: with its module where that is what it imported."""
    bound = module.scope.local(_HOMES[kind])
    known = isinstance(bound, External) and bound.name == _HOMES[kind]
    return f"{_HOMES[kind]}.{kind}" if known else kind


def _statement(cls: Class) -> Form | None:
    """The statement that makes a class, at the top level of its file."""
    return next((form for form in cls.module.facts.module if form[0] == "class" and form[2] == cls.name), None)


def _fields(cls: Class) -> Iterator[tuple[str, str | None]]:
    """The fields of a class and of its bases, each with its annotation as code; None where that is not known."""
    seen: set[str] = set()
    for base in reversed([base for base in cls.lineage() if isinstance(base, Class)]):
        statement = _statement(base)
        for form in statement[6] if statement is not None else []:
            name, annotation = _field(form, is_table(cls))
            if not name or name in seen or name.startswith("_") or is_password(name, people=True) or naming(name):
                continue
            seen.add(name)
            if annotation != "":
                yield name, annotation if base.module is cls.module or _is_plain(annotation) else None


def _is_plain(annotation: str | None) -> bool:
    """Whether the annotation of a base in another file means the same everywhere: `int | None`, or `UUID`."""
    words = re.findall(r"\w+", (annotation or "?").partition("=")[0])
    head, *rest = words or [""]
    return (head in _PLAIN or head in _HOMES) and all(word in _PLAIN for word in rest)


_PLAIN = frozenset({"int", "str", "float", "bool", "bytes", "None"})


def _field(form: Form, table: bool) -> tuple[str, str | None]:
    """The name of a field, and its annotation as code: empty where it is no column, None where it is not known."""
    match form:
        case ["annassign", _, ["name", _, name], annotation, value]:
            spoken = {item[-1] for item in walk(annotation) if item[0] in ("name", "attr")}
            spoken |= {value[2][-1]} if value is not None and value[0] == "call" and value[2][0] != "call" else set()
            if spoken & _NO_COLUMNS:
                return name, ""
            mapped = annotation[0] == "sub" and annotation[2][-1] == "Mapped"
            code = rendered(annotation[3] if mapped else annotation)
            default = None if table else _default(value)
            if code is None or default is None:
                return name, code
            optional = default[2] is not None or {"None", "Optional", "Any"} & set(re.findall(r"\w+", code))
            return name, f"{code if optional else f'{code} | None'} = {rendered(default)}"
        case ["assign", _, [["name", _, name]], ["call", _, ["name" | "attr", *_] as made, given, keywords]]:
            if made[-1] in ("Column", "mapped_column"):
                return name, _of_column(given, keywords)
    return "", ""


def _default(value: Form | None) -> Form | None:
    """The constant that a field is by itself: written so, or given to `Field(...)` and its like."""
    if value is None or value[0] == "const":
        return value
    if value[0] == "call":
        named = (given for keyword, given, _ in value[4] if keyword == "default")
        value = next(named, next(iter(value[3]), None))
    return value if value is not None and value[0] == "const" else None


def _of_column(given: list[Form], keywords: list[Form]) -> str | None:
    types = [item[2] if item[0] == "call" else item for item in given]
    kind = next((_COLUMNS[item[-1]] for item in types if item[0] in ("name", "attr") and item[-1] in _COLUMNS), None)
    told = {keyword: value[2] for keyword, value, _ in keywords if value[0] == "const"}
    if kind is None:
        return None
    return kind if told.get("primary_key") or told.get("nullable") is False else f"{kind} | None"


def validates_objects(program: Program) -> bool:
    """Whether models have `model_validate`, as those of pydantic 2 do; a project of version 1 says `orm_mode`.

    So may one of version 2 that was of version 1 once, where its version is declared:
    https://docs.pydantic.dev/latest/migration/
    """
    if program.versions.surely_at_least("pydantic", (2, 0)):
        return True
    return not (program.versions.surely_below("pydantic", (2, 0)) or program.modules.speaking(("orm_mode",)))
