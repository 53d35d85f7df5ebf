"""Models: the defaults of their fields, and the objects that they make of data, `Options.model_validate(data)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Instance,
    Mapping,
    Native,
    Place,
    Unknown,
    Value,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_PYDANTIC = ("pydantic.", "pydantic_settings.", "sqlmodel.")
_MAKERS = frozenset({"model_validate", "model_validate_json", "model_construct", "parse_obj", "parse_raw", "construct"})
"""The methods of a model that make an object of data (pydantic/main.py)."""
MAKING = _MAKERS | {"from_orm"}
"""The same with the one of pydantic 1 that makes it of another object."""
_ADAPTER = "TypeAdapter()."


def maker(cls: Value, name: str) -> Native | None:
    """The method by which a model makes an object of data, or None when it is none (pydantic/main.py)."""
    if not isinstance(cls, Class) or name not in _MAKERS:
        return None
    return Native(cls, name) if any(base.startswith(_PYDANTIC) for base in cls.external_bases()) else None


def validated_by(function: External) -> Class | None:
    """The model that `TypeAdapter(Model).validate_python` makes an object of (pydantic/type_adapter.py)."""
    adapter = function.parent
    if not function.name.startswith("pydantic.") or f"{_ADAPTER}validate_" not in function.name or adapter is None:
        return None
    given = adapter.arguments.get("type", 0) if adapter.arguments is not None else None
    return next((option for option in options(given) if isinstance(option, Class)), None)


def data_of(name: str, arguments: Arguments) -> Arguments:
    """What a call gives to the fields of the model, as the arguments of its constructor."""
    if name in ("model_construct", "construct"):
        return Arguments([], arguments.keywords, arguments.open)
    given = arguments.positional[0] if arguments.positional else None
    if not isinstance(given, Mapping) or given.open:
        return Arguments(open=True)
    keywords = {str(key.value): value for key, value in given.items if isinstance(key, Const)}
    return Arguments([], keywords, len(keywords) < len(given.items))


def factory_of(default: Value | None) -> Value | None:
    """What makes a field's default: `field(default_factory=...)`, attrs' `field(factory=...)`, `ib(Factory(...))`."""
    if not isinstance(default, External) or default.arguments is None:
        return None
    if not default.name.endswith(("ield()", "attr.ib()", "attr.attrib()")):
        return None
    given = default.arguments
    for option in options(given.get("default", 0)):
        if isinstance(option, External) and option.name.endswith(".Factory()") and option.arguments is not None:
            return option.arguments.get("factory", 0)
    return given.get("default_factory") or given.get("factory")


def converter_of(value: Value | None) -> Value | None:
    """What attrs calls with the value that a field is given (https://www.attrs.org/en/stable/api.html#attrs.field)."""
    if isinstance(value, External) and value.name in _CONVERTING and value.arguments is not None:
        return value.arguments.get("converter")
    return None


_CONVERTING = frozenset({"attrs.field()", "attr.field()", "attr.ib()", "attr.attrib()"})


def field_default(value: Value) -> Value | None:
    """The default that a field of a model has: `Field(default=...)` and `Field(...)` looked into."""
    if (
        isinstance(value, External)
        and value.name.endswith(("Field()", "field()", "attr.ib()", "attr.attrib()"))
        and value.arguments is not None
    ):
        default = value.arguments.get("default", 0)
        if isinstance(default, External) and default.name == "builtins.Ellipsis":
            return None
        return default or value.arguments.get("default_factory")
    if isinstance(value, External) and value.name == "builtins.Ellipsis":
        return None
    return value


def required(
    interpreter: Interpreter, cls: Class, base: Class, name: str, place: Place, *, settings: bool = False
) -> Value:
    """What a field without a default is: a setting, which may be a model with defaults of its own, or not known."""
    if not settings:
        return Unknown(f"{cls.name}.{name} is set when it is made", place)
    from fastapi_seclint.program.inside import object_of_field

    nested = object_of_field(interpreter, base, name)
    return Environment(name, nested if _is_model(nested) else None, place)


def _is_model(value: Value | None) -> bool:
    made = value.cls if isinstance(value, Instance) else None
    return isinstance(made, Class) and any(base.startswith(_PYDANTIC) for base in made.external_bases())


def replaced(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`dataclasses.replace(options, debug=True)`: an object with the fields of another one, but for those given."""
    value = arguments.positional[0] if len(arguments.positional) == 1 else None
    if not isinstance(value, Instance) or not isinstance(value.cls, Class) or arguments.open:
        return None
    held = {**value.attributes, **arguments.keywords}
    return Instance(value.cls, held, Arguments([], held), None, place)


def names_configuration(cls: Class) -> bool:
    """Whether a class is called what records of the configuration are: `AppConfig`."""
    return _CONFIGURATION.search(cls.name) is not None


def is_option(cls: Class, default: Value) -> bool:
    """Whether a field of a record is one of the configuration, which whoever runs the program may set."""
    return isinstance(default, Const | Collection | Mapping) and names_configuration(cls)


_CONFIGURATION = re.compile(r"(config|configuration|settings)$", re.I)
