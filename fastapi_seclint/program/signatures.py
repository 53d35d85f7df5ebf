"""Signatures that code reads, changes and gives to functions: `wrapper.__signature__ = signature.replace(...)`.

FastAPI asks `inspect.signature` what a callable wants (fastapi/dependencies/utils.py, `get_typed_signature`), which
answers with `__signature__` where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORD_ONLY, KEYWORDS, POSITIONAL, POSITIONAL_ONLY, VARIADIC
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Arguments,
    Bound,
    Class,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Mapping,
    Partial,
    Place,
    Unknown,
    Value,
    options,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.callables import Parameter
    from fastapi_seclint.program.interpreter import Interpreter

_SIGNATURE, _PARAMETER = "inspect.Signature", "inspect.Parameter"
_KINDS = {
    "POSITIONAL_ONLY": POSITIONAL_ONLY,
    "POSITIONAL_OR_KEYWORD": POSITIONAL,
    "VAR_POSITIONAL": VARIADIC,
    "KEYWORD_ONLY": KEYWORD_ONLY,
    "VAR_KEYWORD": KEYWORDS,
}
_NAMES = {number: name for name, number in _KINDS.items()}
_EMPTY = External(f"{_PARAMETER}.empty")


def signature(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`inspect.signature(function)`: an object with the parameters that FastAPI would see."""
    from fastapi_seclint.program.callables import parameters

    target = arguments.get("obj", 0)
    if not isinstance(target, Function | Bound | Class | Instance | Partial):
        return Unknown("the signature of something unknown", place)
    return _made([_described(interpreter, item) for item in parameters(target)], False, place)


def make_signature(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`inspect.Signature(parameters)`."""
    given = arguments.get("parameters", 0)
    return _made([], False, place) if given is None else _listed(given, place)


def make_parameter(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`inspect.Parameter(name, kind, default=..., annotation=...)`."""
    named = {"name": arguments.get("name", 0), "kind": arguments.get("kind", 1)}
    rest = {name: arguments.keywords.get(name, _EMPTY) for name in ("default", "annotation")}
    return _object(_PARAMETER, {**{name: value or _EMPTY for name, value in named.items()}, **rest}, place)


def is_signature(value: Value) -> bool:
    """Whether a value is a signature or a parameter of one."""
    cls = value.cls if isinstance(value, Instance) else None
    return isinstance(cls, External) and cls.name in (_SIGNATURE, _PARAMETER)


def replaced(value: Instance, arguments: Arguments, place: Place) -> Value:
    """`signature.replace(parameters=...)` and `parameter.replace(default=..., annotation=...)`."""
    if isinstance(value.cls, External) and value.cls.name == _SIGNATURE:
        given = arguments.keywords.get("parameters")
        return value if given is None else _listed(given, place)
    return _object(_PARAMETER, {**value.attributes, **arguments.keywords}, place)


def read(value: Value | None, place: Place) -> list[Parameter] | None:
    """The parameters of a signature that was given to something at a place; None where they are not all known."""
    for option in options(value):
        held = option.attributes.get("parameters") if isinstance(option, Instance) and is_signature(option) else None
        if isinstance(held, Mapping) and not held.open:
            return [_parameter(item, place) for _, item in held.items if isinstance(item, Instance)]
    return None


def _made(parameters: list[Value], unknown: bool, place: Place) -> Value:
    named = [(_name_of(item), item) for item in parameters]
    return _object(_SIGNATURE, {"parameters": Mapping(named, unknown, place)}, place)


def _listed(given: Value, place: Place) -> Value:
    for option in options(given):
        if isinstance(option, Collection):
            return _made(option.items, option.open, place)
        if isinstance(option, Mapping):
            return _made([item for _, item in option.items], option.open, place)
    return _made([], True, place)


def _object(name: str, attributes: dict[str, Value], place: Place) -> Instance:
    return Instance(External(name), attributes, Arguments(), None, place)


def _name_of(parameter: Value) -> Value:
    return parameter.attributes.get("name", _EMPTY) if isinstance(parameter, Instance) else _EMPTY


def _described(interpreter: Interpreter, parameter: Parameter) -> Value:
    from fastapi_seclint.program import subscripts

    form = parameter.annotation
    with interpreter.asking():
        annotation = _EMPTY if form is None else subscripts.annotation(interpreter, form, parameter.scope)
    attributes: dict[str, Value] = {
        "name": Const(parameter.name),
        "kind": External(f"{_PARAMETER}.{_NAMES[parameter.kind]}"),
        "default": _EMPTY if parameter.default is None else parameter.default,
        "annotation": annotation,
    }
    return _object(_PARAMETER, attributes, parameter.place)


def _parameter(made: Instance, place: Place) -> Parameter:
    """A parameter as others are read: its annotation stands under a name of its own."""
    from fastapi_seclint.program.callables import Parameter

    kind = next((item for item in options(made.attributes.get("kind")) if isinstance(item, External)), _EMPTY)
    number = _KINDS.get(kind.name.rpartition(".")[2], POSITIONAL)
    name = string(made.attributes.get("name")) or "?"
    where = made.place or place
    annotation, default = (_written(made.attributes.get(word)) for word in ("annotation", "default"))
    scope = Scope(where.module, "function")
    if annotation is not None:
        scope.names["annotation"] = annotation
    form = None if annotation is None else ["name", where.at, "annotation"]
    return Parameter(name, number, form, default, scope, where)


def _written(value: Value | None) -> Value | None:
    return None if isinstance(value, External) and value.name.endswith(("empty", "_empty")) else value
