"""The settings object of a project, and a field that a fix gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, last_name, line_of, span_of, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.attributes import is_settings
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Instance, Value, options
from fastapi_seclint.subjects.code.imports import closes_circle
from fastapi_seclint.subjects.code.reference import local_name

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Settings:
    """A settings object at the top of a file, and the class that has its fields."""

    module: Module
    name: str
    cls: Class
    last: Form

    @property
    def upper(self) -> bool:
        """Whether fields are spelled as variables are."""
        return str(self.last[2][2]).isupper()


def field_of_settings(
    program: Program, module: Module, line: int, name: str, default: str
) -> tuple[str, tuple[Edit, ...]] | None:
    """A field of the project's settings that lists what `name` says, as code of a file, and the edits for it.

    One that is there already is taken, else it is added with a default, a list of texts. None where the project has
    no such object, those of several classes, another list already, or the file cannot have the object above a line.
    """
    found = settings_objects(program)
    if len({(settings.cls.module.file, settings.cls.at) for settings in found}) != 1:
        return None
    near = [one for one in found if one.module is module or _is(module.scope.local(one.name), one.cls)]
    settings = next(iter(near), found[0])
    field = name.upper() if settings.upper else name.lower()
    imports = _import(program, settings, module, line)
    known = _listing(settings.cls, name)
    if known is not None:
        usable = imports is not None and _is_like(known, default)
        return (f"{settings.name}.{known[2][2]}", imports or ()) if usable else None
    if imports is None or field in settings.cls.namespace or field.swapcase() in settings.cls.namespace:
        return None
    text = f"{field}: list[str] = {default}"
    added = InsertStatements(settings.cls.module.path, span_of(settings.last[1]), "after", text)
    return f"{settings.name}.{field}", (added, *imports)


def _listing(cls: Class, name: str) -> Form | None:
    """The field that lists the same already: `allowed_origins`."""
    kind = name.lower().rpartition("_")[2]
    named = re.compile(rf"((backend|cors|api|app|allowed|allow|trusted)_?)*{kind}")
    return next((field for field in _fields(cls) if named.fullmatch(field[2][2].lower())), None)


def _is_like(field: Form, default: str) -> bool:
    """Whether a field is a list of texts whose default has no star, and this machine's name where ours has it."""
    if field[3][0] != "sub" or last_name(field[3][2]) not in ("list", "List") or field[4] is None:
        return False
    texts = [item[2] for item in walk(field[4]) if item[0] == "const"]
    return "*" not in texts and ("localhost" in texts or "localhost" not in default)


def _import(program: Program, settings: Settings, module: Module, line: int) -> tuple[Edit, ...] | None:
    """The import that a file needs; None when it cannot have the object."""
    if settings.module is module:
        made = [form for form in module.facts.module if settings.name in _bound(form)]
        return () if made and line_of(made[-1][1]) < line else None
    if _is(module.scope.local(settings.name), settings.cls):
        return ()
    if settings.module.name in ("", "__main__") or closes_circle(program, settings.module, module):
        return None
    if local_name(module, settings.name, settings.module.name) != settings.name:
        return None
    return (AddImport(module.path, settings.module.name, settings.name, local=True, target=settings.module.path),)


@answered_once
def settings_objects(program: Program) -> list[Settings]:
    """Every object of a class of pydantic's settings that a file keeps in a name; found once a program."""
    return list(_settings_objects(program))


def _settings_objects(program: Program) -> Iterator[Settings]:
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if program.is_test(module) or module.facts.imports_from("alembic"):
            continue  # what Alembic runs cannot be imported
        names = module.scope.names
        for form in module.facts.module:
            for name in _bound(form):
                if name in names:
                    yield from _of_value(module, name, names[name])


def _of_value(module: Module, name: str, value: Value) -> Iterator[Settings]:
    for option in options(value):
        if not isinstance(option, Instance) or not isinstance(option.cls, Class):
            continue
        if is_settings(option.cls):
            fields = _fields(option.cls)
            if fields and not _is_of_one_thing(option.cls, fields):
                yield Settings(module, name, option.cls, fields[-1])


def _is_of_one_thing(cls: Class, fields: list[Form]) -> bool:
    """Whether a class is named after what its fields are about: `EmailSettings` with `email_host` and `email_port`."""
    about = set(words_of(cls.name)) - {"settings", "setting", "config"}
    named = [field for field in fields if about & set(words_of(field[2][2]))]
    return bool(about) and len(named) > len(fields) / 2


def _fields(cls: Class) -> list[Form]:
    """The fields that a class declares."""
    body = next((form[6] for form in cls.module.facts.module if form[0] == "class" and form[1] == cls.at), None)
    fields = [item for item in body or () if item[0] == "annassign" and item[2][0] == "name"]
    return [item for item in fields if item[2][2] != "model_config"]


def _bound(form: Form) -> list[str]:
    """The names that an assignment binds."""
    targets = form[2] if form[0] == "assign" else [form[2]] if form[0] == "annassign" else []
    return [target[2] for target in targets if target[0] == "name"]


def _is(value: Value | None, cls: Class) -> bool:
    return value is not None and any(isinstance(one, Instance) and one.cls is cls for one in options(value))
