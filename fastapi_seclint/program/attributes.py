"""Attributes, items and iteration of abstract values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.matches import FIELD
from fastapi_seclint.program import calls, enumerations, fastapi_users, members, models, paths, signatures
from fastapi_seclint.program.builtin_calls import DUMPS
from fastapi_seclint.program.names import external
from fastapi_seclint.program.traits import of_trait
from fastapi_seclint.program.values import (
    HANDED_UP,
    NONE,
    Annotated,
    Arguments,
    Bound,
    Choice,
    Class,
    Collection,
    Const,
    Dependency,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    ModuleValue,
    Native,
    Partial,
    Place,
    Super,
    Text,
    Unknown,
    Value,
    is_key,
    join,
    options,
    same,
    settled,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

SETTINGS_BASES = (
    "pydantic_settings.BaseSettings",
    "pydantic.BaseSettings",
    "pydantic_settings.main.BaseSettings",
    "pydantic.env_settings.BaseSettings",
    "pydantic.v1.BaseSettings",
)


def get_attribute(interpreter: Interpreter, value: Value, name: str, place: Place) -> Value:
    """What `value.name` is."""
    if name == "__dict__" and (held := members.held_by(interpreter, value, place)) is not None:
        return held
    if isinstance(value, External):
        own = value.attributes.get(name) if value.attributes is not None else None
        if name == "pattern" and value.name == "re.compile()" and value.arguments is not None:
            return value.arguments.get("pattern", 0) or Unknown("a pattern", place)
        if value.name == "builtins.Ellipsis":
            return Unknown("of something that is not written yet", place)
        own = own or fastapi_users.given_to(value, name)
        part = paths.attribute(value, name, place) if own is None and paths.is_path(value) else None
        return own or part or external(f"{value.name}.{name}", place, value)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, ModuleValue):
        return _of_module(interpreter, value, name, place)
    if isinstance(value, Instance):
        return _of_instance(interpreter, value, _matched(value, name) if name.startswith(FIELD) else name, place)
    if isinstance(value, Class):
        return of_class(interpreter, value, value, name, place)
    if isinstance(value, Super):
        return _of_super(interpreter, value, name, place)
    if isinstance(value, Choice):
        return join([get_attribute(interpreter, option, name, place) for option in value.options])
    if isinstance(value, Environment) and any(isinstance(item, Instance) for item in options(value.default)):
        return _of_setting(interpreter, value, name, place)
    if isinstance(value, Const) and name == "value":
        return value  # no text or number has it, a member of `HTTPStatus` does (http, IntEnum)
    if isinstance(value, Const | Collection | Mapping | Text | Environment):
        return Native(value, name)
    if isinstance(value, Function):
        return _of_function(value, name, place)
    if isinstance(value, Bound):
        return get_attribute(interpreter, value.function, name, place)
    if isinstance(value, Partial) and name == "func":
        return value.function
    if isinstance(value, Annotated):
        return get_attribute(interpreter, value.base, name, place)
    return Unknown(f"the attribute {name} of something unknown", place)


def _of_setting(interpreter: Interpreter, setting: Environment, name: str, place: Place) -> Value:
    """An attribute of settings that are a field of other settings: it can be configured like those."""
    found = get_attribute(interpreter, setting.default or NONE, name, place)
    if isinstance(found, Const | Text | Collection | Mapping):
        return Environment(f"{setting.name}.{name}", found, place)
    return found


def _of_module(interpreter: Interpreter, value: ModuleValue, name: str, place: Place) -> Value:
    found = interpreter.attribute_of_module(value.module, name)
    if found is None and name == "__path__" and value.module.package:
        return Collection("list", [Const(value.module.folder)], place=place)
    if found is None and name in ("__name__", "__file__"):
        found = value.module.scope.names.get(name)
    return found or Unknown(f"{value.module.name} does not define {name}", place)


def _of_function(value: Function, name: str, place: Place) -> Value:
    if name in ("__name__", "__qualname__", "__module__"):
        texts = {"__name__": value.name, "__qualname__": value.qualname, "__module__": value.module.name}
        return Const(texts[name], place)
    if name == "__wrapped__" and value.wraps is not None:
        return value.wraps
    if name in ("__code__", "__func__"):
        return value
    return value.attributes.get(name) or Unknown(f"the attribute {name} of a function", place)


def _of_instance(interpreter: Interpreter, value: Instance, name: str, place: Place) -> Value:
    if name in value.attributes or enumerations.take_apart(interpreter, value, name, place):
        return value.attributes[name]
    if value.native is not None and (found := calls.native_attribute(value, name)) is not None:
        overridden = _class_member(value.cls, name) if isinstance(value.cls, Class) else None
        if overridden is None:
            return found
    if name == "__class__":
        return value.cls
    if name == "replace" and signatures.is_signature(value):
        return Native(value, name)
    if isinstance(value.cls, Class):
        found = _by_method(interpreter, value, value.cls, name, place)
        found = found or of_class(interpreter, value.cls, value, name, place)
        if name in DUMPS and isinstance(found, Unknown | External) and value.native is None:
            return Native(value, name)
        is_given = value.arguments is not None and value.arguments.open and _is_field(value.cls, name)
        if is_given and isinstance(found, Const | Collection | Mapping):
            return Environment(f"{value.cls.name}.{name}", found, place)  # read from what is not in sight
        if _is_of_base(value.cls, found, name) or (isinstance(found, Unknown) and _is_set_later(value, name)):
            from fastapi_seclint.program.unmade import attribute_of_unmade

            return attribute_of_unmade(interpreter, value.cls, name) or found  # set by a method that runs later
        if value.arguments is None and not value.attributes and not isinstance(found, Bound):
            from fastapi_seclint.program.unmade import (
                attribute_of_unmade,
                field_of_unmade,
                is_left_open,
                is_told,
                of_heirs,
            )

            if is_told(found) or is_left_open(value.cls, name):
                return attribute_of_unmade(interpreter, value.cls, name) or found
            if holds_data(value.cls) and models.is_option(value.cls, found):
                return Environment(f"{value.cls.name}.{name}", found, place)
            if isinstance(found, Const) and _is_field(value.cls, name):
                found = field_of_unmade(interpreter, value.cls, name, found)
            if isinstance(found, Const | Collection):
                return of_heirs(interpreter, value.cls, name, found)
        return found
    if value.cls.name == "starlette.datastructures.State":
        return Unknown(f"the application's state has no {name} in sight", place)
    return external(f"{value.cls.name}().{name}", place, value.cls)


def _by_method(interpreter: Interpreter, value: Instance, cls: Class, name: str, place: Place) -> Value | None:
    """What `__getattribute__` gives, or `__getattr__` for a name that the class does not have; None where none does."""
    if name.startswith("__"):
        return None
    getter = _class_member(cls, "__getattribute__")
    if getter is None and _class_member(cls, name) is None and not cls.external_bases():
        getter = _class_member(cls, "__getattr__")
    if not isinstance(getter, Function):
        return None
    found = calls.call(interpreter, Bound(value, getter), Arguments([Const(name)]), place)
    return None if isinstance(found, Unknown) else found


def _is_of_base(cls: Class, found: Value, name: str) -> bool:
    """Whether an attribute is only known as one of a library's base class, which a method may have set as well."""
    return isinstance(found, External) and found.name in {f"{base}().{name}" for base in cls.external_bases()}


def _is_set_later(value: Instance, name: str) -> bool:
    """Whether an object in sight has an attribute from a method alone that runs after its making: `__aenter__`, say."""
    made = value.arguments is not None or bool(value.attributes)
    return made and isinstance(value.cls, Class) and _class_member(value.cls, name) is None


def _class_member(cls: Class, name: str) -> Value | None:
    for base in cls.lineage():
        if isinstance(base, Class) and name in base.namespace:
            return base.namespace[name]
    return None


def of_class(interpreter: Interpreter, cls: Class, receiver: Value, name: str, place: Place) -> Value:
    """An attribute found in a class or its bases, bound to the receiver as Python binds it."""
    for base in cls.lineage():
        if isinstance(base, External):
            if name in ("__init__", "__init_subclass__"):
                continue
            if base.name == "builtins.object" or base.name.startswith(("typing.", "abc.", "enum.")):
                continue
            if isinstance(receiver, Instance) and not _describes_fields(base.name):
                return external(f"{base.name}().{name}", place, _made_as(base, receiver))
            continue
        if name in base.namespace:
            found = base.namespace[name]
            if isinstance(found, Dependency) and isinstance(receiver, Instance):
                from fastapi_seclint.program.inside import object_of_field

                return object_of_field(interpreter, base, name) or found
            if (factory := models.factory_of(found)) is not None and not is_settings(cls):
                return calls.call(interpreter, factory, Arguments(), place)
            plain = isinstance(found, Function | External) and not is_settings(cls)
            if plain and any(field == name for field, _, _ in base.fields):
                return calls.field_default(found) or models.required(interpreter, cls, base, name, place)
            return bind(interpreter, found, receiver, cls, name, place)
        for field, _, default in base.fields:
            if field == name and default is None:
                return models.required(interpreter, cls, base, name, place, settings=is_settings(cls))
    if name in ("__name__", "__qualname__"):
        return Const(cls.name, place)
    if any(isinstance(base, Unknown) for base in cls.bases):
        return Unknown(f"{cls.name}.{name} may come from a base class that is not known", place)
    return models.maker(receiver, name) or Unknown(f"{cls.name} has no {name} in sight", place)


def _made_as(base: External, receiver: Instance) -> External:
    """The library's object that an object of a class is which makes it as the library does."""
    if receiver.arguments is None or calls.method_of(receiver, "__init__") is not None:
        return base
    return External(f"{base.name}()", receiver.arguments, base, receiver.place)


def _describes_fields(name: str) -> bool:
    return name in SETTINGS_BASES or name.startswith(("pydantic.", "sqlmodel.", "sqlalchemy."))


def _is_field(cls: Class, name: str) -> bool:
    """Whether a name is an annotated field of a record, which whoever makes an object may give."""
    if not holds_data(cls) or is_settings(cls):
        return False
    return any(field == name for base in cls.lineage() if isinstance(base, Class) for field, _, _ in base.fields)


def holds_data(cls: Class) -> bool:
    """Whether objects of a class are records: models, tables, dataclasses, members of enumerations."""
    bases = cls.external_bases()
    if any(
        _describes_fields(base) or base.startswith(("enum.", "typing.NamedTuple", "typing.TypedDict")) for base in bases
    ):
        return not is_settings(cls)
    return any(isinstance(item, External) and "dataclass" in item.name for item in cls.decorators)


def is_settings(cls: Class) -> bool:
    """Whether objects of this class read their fields from the environment (pydantic-settings)."""
    return any(base in SETTINGS_BASES for base in cls.external_bases())


def _matched(instance: Instance, name: str) -> str:
    """The attribute that a positional pattern of a class matches: a field of a dataclass or named tuple, by its number.

    Source: Python's data model, 3.3.9; dataclasses and named tuples make `__match_args__` of their fields.
    """
    bases = (
        [base for base in instance.cls.lineage() if isinstance(base, Class)] if isinstance(instance.cls, Class) else []
    )
    names = list(dict.fromkeys(field for base in reversed(bases) for field, _, _ in base.fields))
    number = int(name.removeprefix(FIELD).rstrip(">"))
    return names[number] if number < len(names) else name


def bind(interpreter: Interpreter, found: Value, receiver: Value, cls: Class, name: str, place: Place) -> Value:
    """A member of a class as an attribute of the receiver."""
    if isinstance(found, Function):
        if found.kind == "property" and isinstance(receiver, Instance):
            return calls.invoke(interpreter, found, Arguments([receiver]), place)
        if found.kind == "class":
            return Bound(cls, found)
        if found.kind != "static" and isinstance(receiver, Instance):
            return Bound(receiver, found)
        return found
    if isinstance(found, Partial) and found.method and isinstance(receiver, Instance):
        return Partial(bind(interpreter, found.function, receiver, cls, name, place), found.arguments, found.place)
    if isinstance(found, Function | Class | Bound):
        return found
    if isinstance(found, Instance) and isinstance(receiver, Instance):
        getter = calls.method_of(found, "__get__")  # a descriptor of the project's own (data model, 3.3.2.2)
        if getter is not None:
            return calls.invoke(interpreter, getter, Arguments([found, receiver, cls]), place)
    if any(base.startswith("enum.") for base in cls.external_bases()) and not _is_member(cls, found):
        return Instance(cls, {"value": found, "name": Const(name)}, place=place)
    if isinstance(receiver, Instance) and is_settings(cls) and not isinstance(found, Environment):
        return Environment(name, calls.field_default(found), found.place if hasattr(found, "place") else place)
    if isinstance(found, External) and isinstance(receiver, Instance) and found.called:
        return of_trait(interpreter, found, receiver, name, place) or found
    return found


def _is_member(cls: Class, value: Value) -> bool:
    """Whether a value is a member of an enumeration already, not an object that is the value of one."""
    return isinstance(value, Instance) and value.cls is cls


def _of_super(interpreter: Interpreter, value: Super, name: str, place: Place) -> Value:
    cls = value.receiver.cls if isinstance(value.receiver, Instance) else value.receiver
    lineage = list(cls.lineage()) if isinstance(cls, Class) else list(value.owner.lineage())
    if value.owner in lineage:
        lineage = lineage[lineage.index(value.owner) + 1 :]
    for base in lineage:
        if isinstance(base, Class):
            if name in base.namespace:
                own = cls if isinstance(cls, Class) else base  # a class method of a base makes objects of the heir
                return bind(interpreter, base.namespace[name], value.receiver, own, name, place)
        elif calls.is_router_class(base.name) or (name == "__init__" and calls.is_made_specially(base.name)):
            return Native(value.receiver, name)
        elif name == "__init__" and base.name.startswith("starlette.middleware.") and not interpreter.recording:
            return Native(value.receiver, HANDED_UP)
        elif name != "__init__":
            return external(f"{base.name}().{name}", place, base)
    plain = External("builtins.object.__init__", None, None, place)
    return plain if name == "__init__" else Unknown("of super()", place)


def _possibly(interpreter: Interpreter, name: str, before: Value, value: Value) -> Value:
    """What an attribute is after a branch that may not be taken, the likely value first.

    What nothing is set to by default is a setting of the program.
    """
    if not interpreter.unlikely:
        return join([value, before])
    if interpreter.against and isinstance(before, Const) and before.value is None:
        return join([Environment(name, before, before.place), value])
    return join([before, value])


def set_attribute(interpreter: Interpreter, owner: Value, name: str, value: Value) -> None:
    """What `owner.name = value` does; in a branch that may not be taken the old value stays possible."""
    if interpreter.uncertain and isinstance(owner, Instance) and isinstance(owner.cls, Class):
        member = _class_member(owner.cls, name)
        before = owner.attributes.get(name) or (None if isinstance(member, Function) else member)
        if before is not None and not isinstance(before, Unknown):
            value = _possibly(interpreter, name, before, value)
    if isinstance(owner, Instance):
        if owner.native is not None and name == "prefix":
            owner.native.prefix = value
        elif owner.native is not None and name == "dependencies" and isinstance(value, Collection):
            owner.native.dependencies = value
        elif owner.native is not None and name == "route_class":
            owner.native.arguments.keywords[name] = value
        else:
            owner.attributes[name] = value
    elif isinstance(owner, Class):
        owner.namespace[name] = value
    elif isinstance(owner, Function):
        owner.attributes[name] = value
        owner.signature = None
    elif isinstance(owner, External) and owner.called:
        owner.attributes = {**(owner.attributes or {}), name: value}
    elif isinstance(owner, ModuleValue):
        owner.module.scope.names[name] = value
    elif isinstance(owner, Choice):
        for option in owner.options:
            set_attribute(interpreter, option, name, value)


def item(interpreter: Interpreter, value: Value, index: Value, place: Place) -> Value:
    """What `value[index]` is."""
    if isinstance(value, Choice):
        return join([item(interpreter, option, index, place) for option in value.options])
    if isinstance(value, Mapping):
        found = [held for one in settled(index) for key, held in reversed(value.items) if same(key, one)]
        others = [] if is_key(index) else [held for _, held in value.items]
        if found or (others and not value.open):
            return join([*found[:1], *others])
    if isinstance(index, Const) and type(index.value) is int:
        held = value.items if isinstance(value, Collection) and not value.open else None
        if held is not None and -len(held) <= index.value < len(held):
            return held[index.value]
        text = value.value if isinstance(value, Const) else None
        if isinstance(text, str) and -len(text) <= index.value < len(text):
            return Const(text[index.value], place)
    if isinstance(value, Class | Function):
        return value
    if isinstance(value, Instance) and isinstance(value.cls, Class):
        getter = _class_member(value.cls, "__getitem__")
        if getter is not None:
            return calls.call(interpreter, Bound(value, getter), Arguments([index]), place)
        given = value.arguments.keywords if value.arguments is not None else {}
        if isinstance(index, Const) and index.value in given and "typing.TypedDict" in value.cls.external_bases():
            return given[str(index.value)]
    return Unknown("an item of something unknown", place)
