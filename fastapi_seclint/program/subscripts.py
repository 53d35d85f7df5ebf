"""Subscripts and annotations: items, slices, `Annotated[...]`, generic types, string annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import attributes
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Annotated,
    Choice,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Generic,
    Place,
    Unknown,
    Value,
    join,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def subscript(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """The value of `owner[index]`: an item, a slice, or a type with arguments."""
    value = interpreter.evaluate(form[2], scope)
    place = Place(scope.module, form[1])
    if isinstance(value, External):
        return _sub_external(interpreter, value, form[3], scope, place)
    if isinstance(value, Class):
        return value
    if isinstance(value, Annotated):
        return _with_type(interpreter, value, form[3], scope)
    if form[3][0] == "slice":
        return _slice(interpreter, value, form[3], scope, place)
    return attributes.item(interpreter, value, interpreter.evaluate(form[3], scope), place)


def _with_type(interpreter: Interpreter, alias: Annotated, index: Form, scope: Scope) -> Annotated:
    """An alias for any type, given one: `By[User]` where `By = Annotated[T, Depends(...)]`."""
    generic = isinstance(alias.base, External) and alias.base.name.endswith("TypeVar()")
    base = _type(interpreter, index, scope) if generic else alias.base
    return Annotated(base, alias.metadata, alias.place)


def _sub_external(interpreter: Interpreter, value: External, index: Form, scope: Scope, place: Place) -> Value:
    if value.name == "typing.Annotated" and index[0] == "tuple" and index[2]:
        base, *metadata = index[2]  # a text among the metadata is a text (PEP 593)
        told = [interpreter.evaluate(item, scope) for item in metadata]
        return Annotated(_type(interpreter, base, scope), told, place)
    if value.name in ("os.environ", "environ"):
        key = interpreter.evaluate(index, scope)
        return Environment(str(key.value) if isinstance(key, Const) else "?", None, place)
    if value.name == "typing.Literal":
        values = index[2] if index[0] == "tuple" else [index]
        return Generic(value.name, [interpreter.evaluate(item, scope) for item in values], place)
    if value.name.startswith("sys.modules"):
        return attributes.item(interpreter, value, interpreter.evaluate(index, scope), place)
    items = index[2] if index[0] == "tuple" else [index]
    if value.called:
        return Unknown(f"an item of {value.name}", place)
    return Generic(value.name, [_type(interpreter, item, scope) for item in items if item[0] != "slice"], place)


def _type(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """A part of an annotation; strings in it are forward references."""
    if form[0] == "const" and isinstance(form[2], str):
        return annotation(interpreter, form, scope)
    return interpreter.evaluate(form, scope)


def annotation(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """The value of an annotation, string annotations parsed (semantics f33, f60)."""
    from fastapi_seclint import facts

    if form[0] == "const" and isinstance(form[2], str):
        parsed = facts.expression(form[2])
        return Unknown("an annotation that is no expression") if parsed is None else interpreter.evaluate(parsed, scope)
    return interpreter.evaluate(form, scope)


def _slice(interpreter: Interpreter, value: Value, form: Form, scope: Scope, place: Place) -> Value:
    bounds = [interpreter.evaluate(bound, scope) for bound in form[2:5]]
    constants = [bound.value for bound in bounds if isinstance(bound, Const)]
    known = [value for value in constants if value is None or type(value) is int]
    cut = slice(*known) if len(known) == len(bounds) else None
    return Unknown("a slice of something unknown", place) if cut is None or cut.step == 0 else _cut(value, cut, place)


def _cut(value: Value, cut: slice, place: Place) -> Value:
    """A slice of a text or list, of any of several, or of a setting that is one by default."""
    match value:
        case Const(str() | bytes() as text):
            return Const(text[cut], place)
        case Collection(kind, items, False):
            return Collection(kind, items[cut], place=place)
        case Choice(options):
            return join([_cut(option, cut, place) for option in options])
        case Environment(name, Const() | Collection() as default):
            return Environment(name, _cut(default, cut, place), place)
    return Unknown("a slice of something unknown", place)
