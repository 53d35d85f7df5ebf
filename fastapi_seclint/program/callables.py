"""What runs when FastAPI calls something, what it is called, and the parameters that it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import signatures
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Dependency,
    External,
    Function,
    Generic,
    Instance,
    Partial,
    Place,
    Value,
    options,
)


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter as FastAPI sees it: its annotation is evaluated in the scope of the definition."""

    name: str
    kind: int
    annotation: Form | None
    default: Value | None
    scope: Scope
    place: Place


def running(value: Value) -> Function | None:
    """The project function that runs when a callable is called."""
    if isinstance(value, Function):
        return value
    if isinstance(value, Bound):
        return running(value.function)
    if isinstance(value, Partial):
        return running(value.function)
    if isinstance(value, Instance):
        return method_of(value, "__call__")
    if isinstance(value, Class):
        return method_of(Instance(value), "__init__")
    return None


def giving(value: Value | None) -> Function | None:
    """The project function that returns what a dependency gives; none for a class, whose object is what it gives."""
    return None if value is None or isinstance(value, Class) else running(value)


def dotted_name(value: Value) -> str | None:
    """A callable's name as Python would give it at run time, or None when it is unknown."""
    if isinstance(value, Function):
        wrapped = next(options(value.wraps), None)
        return (dotted_name(wrapped) if wrapped is not None else None) or value.dotted
    if isinstance(value, Class):
        return value.dotted
    if isinstance(value, External):
        return value.name
    if isinstance(value, Bound):
        receiver = value.receiver
        owner = receiver if isinstance(receiver, Class) else receiver.cls if isinstance(receiver, Instance) else None
        name = (dotted_name(value.function) or "").rpartition(".")[2]
        return f"{dotted_name(owner)}.{name}" if owner is not None and name else None
    if isinstance(value, Instance):
        return f"{dotted_name(value.cls)}()"
    if isinstance(value, Partial):
        return f"partial({dotted_name(value.function)})"
    if isinstance(value, Generic) and "." in value.origin:
        return f"{value.origin}()"
    return None


def parameters(value: Value) -> list[Parameter]:
    """The signature that `inspect.signature` gives for a callable, `__wrapped__` followed."""
    if isinstance(value, Function):
        wrapped = next(options(value.wraps), None) if "__signature__" not in value.attributes else None
        if isinstance(wrapped, Function | Bound | Class | Instance | Partial):
            return parameters(wrapped)
        if value.signature is None and (signed := value.attributes.get("__signature__")) is not None:
            given = signatures.read(signed, value.place)
            value.signature = tuple(given) if given is not None else None
        if value.signature is None:
            value.signature = tuple(
                Parameter(form[0], form[1], form[2], default, value.scope, Place(value.module, form[4]))
                for form, default in zip(value.parameters, value.defaults, strict=True)
            )
        return list(value.signature)
    if isinstance(value, Bound):
        return parameters(value.function)[1:]
    if isinstance(value, Partial):
        return _of_partial(value)
    if isinstance(value, Instance):
        method = method_of(value, "__call__")
        return parameters(method)[1:] if method is not None else []
    if isinstance(value, Class):
        return _of_class(value)
    return []


def _of_partial(value: Partial) -> list[Parameter]:
    rest = parameters(value.function)[len(value.arguments.positional) :]
    return [item for item in rest if item.name not in value.arguments.keywords]


def _of_class(value: Class) -> list[Parameter]:
    if (signed := value.namespace.get("__signature__")) is not None:
        if value.signature is None and (given := signatures.read(signed, value.place)) is not None:
            value.signature = tuple(given)
        if value.signature is not None:
            return list(value.signature)
    initializer = method_of(Instance(value), "__init__")
    if initializer is not None:
        return parameters(initializer)[1:]
    if _only_declares(value) or any(name.startswith(_WITH_INITIALIZERS) for name in value.external_bases()):
        return []
    found: dict[str, Parameter] = {}
    for base in reversed(list(value.lineage())):
        if isinstance(base, Class):
            for name, annotation, default in base.fields:
                scope = Scope(base.module, "class", base.scope)
                found[name] = Parameter(name, 1, annotation, default, scope, Place(base.module, annotation[1]))
    return list(found.values())


_WITH_INITIALIZERS = "fastapi.security."
"""Plain classes of FastAPI that are made from forms by their own `__init__` (fastapi/security/oauth2.py)."""


def _only_declares(value: Class) -> bool:
    """Whether a class is a plain one, whose annotations are no parameters; a view has its dependencies there."""
    lineage = [base for base in value.lineage() if isinstance(base, Class)]
    if value.external_bases() or any(base.decorators or base.keywords for base in lineage):
        return False
    if any(isinstance(one, Dependency) for base in lineage for *_, given in base.fields for one in options(given)):
        return False
    return all(isinstance(option, Class) for base in lineage for item in base.bases for option in options(item))
