"""What Python says of classes: what is of a class, which class is below another one, classes made by calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.route_objects import is_route
from fastapi_seclint.program.values import (
    Arguments,
    Choice,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Instance,
    Mapping,
    Place,
    Unknown,
    Value,
    iterate,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def is_instance(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`isinstance(value, kind)`."""
    value, kind = arguments.get("obj", 0), arguments.get("kind", 1)
    if isinstance(kind, External) and not isinstance(value, Unknown | Choice | Environment | External):
        answers: dict[str, type | tuple[type, ...]] = {"builtins.str": str, "builtins.int": int, "builtins.bool": bool}
        if kind.name in answers:
            return Const(isinstance(value, Const) and isinstance(value.value, answers[kind.name]), place)
        if kind.name in ("builtins.list", "builtins.dict", "builtins.tuple", "builtins.set"):
            shape = "dict" if isinstance(value, Mapping) else value.kind if isinstance(value, Collection) else ""
            return Const(kind.name.endswith(shape) and bool(shape), place)
    if isinstance(kind, External) and (answer := is_route(value, kind.name)) is not None:
        return Const(answer, place)
    if isinstance(kind, Class) and isinstance(value, Instance) and isinstance(value.cls, Class):
        of_that_kind = kind in list(value.cls.lineage())
        if of_that_kind or value.arguments is not None:
            return Const(of_that_kind, place)
    return Unknown("a condition", place)


def is_subclass(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`issubclass(cls, base)`."""
    cls, base = arguments.get("cls", 0), arguments.get("base", 1)
    if isinstance(cls, External) and cls.name == "pydantic.create_model()" and cls.arguments is not None:
        cls = cls.arguments.keywords.get("__base__", External("pydantic.BaseModel"))
    wanted = base.items if isinstance(base, Collection) and not base.open else [base]
    answers = [_is_below(cls, item) for item in wanted]
    if True in answers:
        return Const(True, place)
    return Unknown("a condition", place) if None in answers else Const(False, place)


def _is_below(cls: Value | None, base: Value | None) -> bool | None:
    """Whether a class is another one or below it; None where a base is not known, or both are a library's."""
    if isinstance(cls, External) and isinstance(base, External) and not cls.called:
        return True if cls.name == base.name else None
    if not isinstance(cls, Class) or not isinstance(base, Class | External):
        return False if isinstance(cls, External) and not cls.called and isinstance(base, Class) else None
    lineage = list(cls.lineage())
    if isinstance(base, Class):
        known = all(
            isinstance(item, Class | External) for each in lineage if isinstance(each, Class) for item in each.bases
        )
        return True if base in lineage else False if known else None
    return True if base.name in cls.external_bases() else None


def type_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`type(value)`, and the class that `type(name, bases, namespace)` makes."""
    if len(arguments.positional) == 3:
        name, bases, held = arguments.positional
        return _made(string(name), bases, held, place)
    value = arguments.positional[0] if len(arguments.positional) == 1 else None
    return value.cls if isinstance(value, Instance) else Unknown("a type", place)


def make_class(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`attrs.make_class(name, attrs, bases=...)`: a class of the module that asks for it (attr/_make.py)."""
    bases = arguments.get("bases", 2) or Collection("tuple", [])
    return _made(string(arguments.get("name", 0)), bases, None, place)


def _made(name: str | None, bases: Value, held: Value | None, place: Place) -> Value:
    above = iterate(bases)
    if name is None or above is None:
        return Unknown("a class made of something unknown", place)
    named = held.items if isinstance(held, Mapping) else []
    namespace = {str(key.value): value for key, value in named if isinstance(key, Const)}
    return Class(place.module, name, name, above, namespace, place.at, place.module.scope)
