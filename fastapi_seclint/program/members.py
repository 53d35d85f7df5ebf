"""Which members objects have, for code that goes through them: `dir`, `inspect.getmembers`, `hasattr`, defaults of
`getattr`."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    ModuleValue,
    Place,
    Text,
    Unknown,
    Value,
    options,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def names_of(interpreter: Interpreter, value: Value) -> list[str] | None:
    """The names of the members that the project gives something, in the order of `dir`; None for what is not in sight.

    What a library's base class has is left out: code that goes through members looks for marks of its own.
    """
    if isinstance(value, ModuleValue):
        interpreter.run_module(value.module)
        return sorted(value.module.scope.names)
    cls = value.cls if isinstance(value, Instance) else value
    if not isinstance(cls, Class):
        return None
    held = {name for base in cls.lineage() if isinstance(base, Class) for name in base.namespace}
    return sorted(held | (set(value.attributes) if isinstance(value, Instance) else set()))


def dir_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`dir(value)` of a module, class or object of the project."""
    found = next(options(arguments.positional[0]), None) if arguments.positional else None
    names = None if found is None else names_of(interpreter, found)
    return None if names is None else Collection("list", [Const(name, place) for name in names], False, place)


def members_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`inspect.getmembers(value, predicate)`: pairs of names and members, sorted by name."""
    from fastapi_seclint.program.attributes import get_attribute

    found, predicate = next(options(arguments.get("object", 0)), None), arguments.get("predicate", 1)
    names = None if found is None else names_of(interpreter, found)
    if found is None or names is None:
        return None
    pairs: list[Value] = []
    for name in names:
        member = get_attribute(interpreter, found, name, place)
        if predicate is None or _fits(interpreter, predicate, member, place) is not False:
            pairs.append(Collection("tuple", [Const(name, place), member], False, place))
    return Collection("list", pairs, False, place)


def held_by(interpreter: Interpreter, value: Value, place: Place) -> Value | None:
    """`vars(value)` and `value.__dict__` of a module, or of a class itself without its bases."""
    if isinstance(value, ModuleValue):
        interpreter.run_module(value.module)
        held = value.module.scope.names
    elif isinstance(value, Class):
        held = value.namespace
    else:
        return None
    return Mapping([(Const(name, place), member) for name, member in held.items()], False, place)


_KINDS: dict[str, type[Value] | tuple[type[Value], ...]] = {
    "inspect.isfunction": Function,
    "inspect.ismethod": Bound,
    "inspect.isroutine": (Function, Bound),
    "builtins.callable": (Function, Bound, Class),
    "inspect.isclass": Class,
    "inspect.ismodule": ModuleValue,
}


def kind_of(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`inspect.isfunction(value)` and its like, `callable(value)`; None where it is not one of these."""
    kinds = _KINDS.get(name)
    value = arguments.positional[0] if len(arguments.positional) == 1 else None
    if kinds is None or value is None:
        return None
    if isinstance(value, kinds):
        return Const(True, place)
    if isinstance(value, Function | Bound | Class | ModuleValue | Const | Collection | Mapping | Text):
        return Const(False, place)
    if isinstance(value, Instance) and name != "builtins.callable":
        return Const(False, place)
    return Unknown("a condition", place)


def _fits(interpreter: Interpreter, predicate: Value, member: Value, place: Place) -> bool | None:
    from fastapi_seclint.program import calls

    given = Arguments([member])
    if isinstance(predicate, External):
        known = kind_of(interpreter, predicate.name, given, place)
        return None if known is None else truth(known)
    return truth(calls.call(interpreter, predicate, given, place))


def lacks(owner: Value, name: str) -> bool:
    """Whether a value has no attribute of that name for certain: functions, constants, lists and dictionaries, classes.

    Of classes and objects only those whose bases are all in sight, and that make no attributes while they run. An
    object of which nothing but the class is known may be one of a subclass, or be given more elsewhere.
    """
    if isinstance(owner, Class) or (
        isinstance(owner, Instance) and owner.native is None and owner.arguments is not None
    ):
        names = _all_names(owner)
        return names is not None and name not in names and not hasattr(object, name)
    if isinstance(owner, Bound):
        return lacks(owner.function, name)
    if isinstance(owner, Function):
        return name not in owner.attributes and not hasattr(lacks, name)
    if isinstance(owner, Const):
        return name != "value" and not hasattr(owner.value, name)
    if isinstance(owner, Mapping):
        return not hasattr({}, name)
    if isinstance(owner, Collection):
        return not hasattr({"tuple": (), "set": set()}.get(owner.kind, []), name)
    return isinstance(owner, Text) and not hasattr("", name)


_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
_MAKING = ("__getattr__", "__getattribute__", "__init_subclass__", "__class_getitem__")


def _all_names(owner: Class | Instance) -> set[str] | None:
    """Every name that a class or object of the project has, assigned by methods too; None where more may be."""
    cls = owner.cls if isinstance(owner, Instance) else owner
    if not isinstance(cls, Class):
        return None
    found = set(owner.attributes) if isinstance(owner, Instance) else set()
    for base in cls.lineage():
        if not isinstance(base, Class):
            if base.name not in _PLAIN_BASES:
                return None
            continue
        if base.decorators or base.keywords or any(name in base.namespace for name in _MAKING):
            return None
        if any(isinstance(one, Unknown) for one in base.bases):
            return None
        found.update(base.namespace, (name for name, _, _ in base.fields))
        for method in base.namespace.values() if isinstance(owner, Instance) else ():
            for form in method.forms.of("assign", "annassign", "call") if isinstance(method, Function) else ():
                if form[0] == "call":
                    if form[2][-1] in ("setattr", "update", "__setattr__"):
                        return None
                    continue
                targets = form[2] if form[0] == "assign" else [form[2]]
                found.update(target[3] for target in targets if target[0] == "attr")
    return found


def has(owner: Value, name: str) -> bool:
    """Whether a class or object of the project has an attribute of that name for certain."""
    cls = owner.cls if isinstance(owner, Instance) else owner
    if not isinstance(cls, Class):
        return False
    return any(isinstance(base, Class) and name in base.namespace for base in cls.lineage())
