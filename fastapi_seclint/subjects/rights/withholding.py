"""Fixes that leave a right to the server: what the client sent of it is no longer stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, RemoveKeyword, RemoveStatement, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.calls import field_default
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Const, External, Function, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.sent import Input, dumped, source
from fastapi_seclint.subjects.rights.words import is_role

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DUMPS = ("model_dump", "dict")
_COLUMNS = ("Column()", "mapped_column()")


def withheld(program: Program, block: Block, form: Form, found: Input) -> Fix | None:
    """The edits that keep a right of the client's out of what is stored; None where the server has no value for it."""
    if form[0] == "assign":
        return _assigned(block, form, found)
    if form[0] == "for":
        return _excluded(block, form[3], found)
    if form[0] != "call":
        return None
    names = [keyword for keyword, value, _ in form[4] if keyword is not None and source(found, value) is not None]
    constructed = _constructed(program, block, form)
    if names and constructed is not None and all(_has_default(constructed, name) for name in names):
        edits: tuple[Edit, ...] = tuple(RemoveKeyword(block.module.path, span_of(form[1]), name) for name in names)
        return _fix(names, edits)
    for value in (*form[3], *(item[1] for item in form[4])):
        rights = dumped(found, value)
        if rights and (
            _updates(form) or (constructed is not None and all(_has_default(constructed, r) for r in rights))
        ):
            return _excluded(block, value, found)
    return None


def not_given(block: Block, form: Form, found: Input, function: Function) -> Fix | None:
    """The call of a function without the rights that it has harmless defaults for, which are given by keyword."""
    names = [keyword for keyword, value, _ in form[4] if keyword is not None and source(found, value) is not None]
    defaults = {item[0]: default for item, default in zip(function.parameters, function.defaults, strict=True)}
    if not names or not all(_is_harmless(defaults.get(name)) for name in names):
        return None
    return _fix(names, tuple(RemoveKeyword(block.module.path, span_of(form[1]), name) for name in names))


def _fix(names: list[str], edits: tuple[Edit, ...]) -> Fix:
    return Fix(f"leave {' and '.join(sorted(names))} to the server", False, edits)


def _assigned(block: Block, form: Form, found: Input) -> Fix | None:
    """`user.role = body.role` goes, where it is not all that a block does."""
    target = form[2][0]
    if len(form[2]) != 1 or target[0] != "attr" or source(found, form[3]) is None:
        return None
    if not any(statement is form for statement in block.statements) or len(block.statements) < 2:
        return None
    return _fix([target[3]], (RemoveStatement(block.module.path, span_of(form[1])),))


def _excluded(block: Block, value: Form, found: Input) -> Fix | None:
    """The dump of the body, where it is made, without the rights."""
    calls = [inner for inner in walk(value) if inner[0] == "call" and inner[2][0] == "attr" and inner[2][3] in _DUMPS]
    if value[0] == "name":
        for form in block.forms.every:
            if form[0] == "assign" and any(target[0] == "name" and target[2] == value[2] for target in form[2]):
                calls.append(form[3])
    if len(calls) != 1 or calls[0][0] != "call" or calls[0][2][-1] not in _DUMPS:
        return None
    call = calls[0]
    if any(keyword in ("exclude", "include", None) for keyword, _, _ in call[4]):
        return None
    rights = sorted(dumped(found, call))
    if not rights:
        return None
    code = "{" + ", ".join(f'"{name}"' for name in rights) + "}"
    return _fix(rights, (SetKeyword(block.module.path, span_of(call[1]), "exclude", code),))


def _updates(form: Form) -> bool:
    """Whether a call changes an object that is there already, so that what is left out stays as it was."""
    return form[2][0] == "attr" and form[2][3] in ("sqlmodel_update", "update") and form[2][2][0] == "name"


def _constructed(program: Program, block: Block, form: Form) -> Class | None:
    found = [option for option in options(ask(program, block, form[2])) if isinstance(option, Class)]
    return found[0] if len(found) == 1 else None


def _has_default(cls: Class, name: str) -> bool:
    """Whether a class gives a field a harmless value when nobody else does."""
    for field, _, default in fields(cls):
        if field == name and default is not None:
            return _is_harmless(_default(default))
    return False


def _default(value: Value) -> Value | None:
    if isinstance(value, External) and value.name.endswith(_COLUMNS) and value.arguments is not None:
        return value.arguments.get("default") or value.arguments.get("server_default")
    return field_default(value)


def _is_harmless(value: Value | None) -> bool:
    constant = isinstance(value, Const) and value.value is not None
    return constant and not is_role(getattr(value, "value", None)) and getattr(value, "value", None) is not True
