"""What dishka gives for a type: the method of a project's `Provider` that returns it (dishka.readthedocs.io).

`FromDishka[Member]` in a handler runs `@provide def member(self, request: Request) -> Member`, which may refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.implementers import standing_in
from fastapi_seclint.program.new_types import mark_of
from fastapi_seclint.program.request_holders import holders
from fastapi_seclint.program.values import (
    Annotated,
    Bound,
    Class,
    External,
    Function,
    Generic,
    Instance,
    Value,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.callables import Parameter
    from fastapi_seclint.program.dependencies import Resolver
    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.modules import Module

_MAKERS = ("dishka.provide", "dishka.provide()", "dishka.provider.provide", "dishka.provider.provide()")
_Key = int | tuple[str, int]
"""A class by its identity, a `NewType` by the place where it was made."""
_Providers = tuple[dict[_Key, Value], set[tuple[str, int]]]
"""The methods by the types that they give, and the places of their own parameters, which are filled by type, too."""
_KNOWN: WeakKeyDictionary[Interpreter, _Providers] = WeakKeyDictionary()


def provided(interpreter: Interpreter, parameter: Parameter, annotation: Value | None) -> Value | None:
    """The provider that fills a parameter, or None where dishka does not, or its provider is not in sight."""
    base = annotation.base if isinstance(annotation, Annotated) and mark_of(annotation) is None else annotation
    if isinstance(base, Generic) and base.origin.startswith("dishka.") and base.origin.endswith(".FromDishka"):
        wanted = [key for member in base.members for key in _keys(member)]
    elif _uses_dishka(parameter.place.module):
        if (parameter.place.module.file, parameter.place.at) not in _providers(interpreter)[1]:
            return None
        wanted = list(_keys(base))
    else:
        return None
    found = (_providers(interpreter)[0].get(key) for key in wanted)
    return next((method for method in found if method is not None), None)


def _keys(value: Value | None) -> Iterator[_Key]:
    for option in options(value):
        mark = mark_of(option)
        if mark is not None:
            yield mark
        elif isinstance(option, Annotated):
            yield from _keys(option.base)
        elif isinstance(option, Class):
            yield id(option)


def handed_on(resolver: Resolver, interpreter: Interpreter, handler: Value) -> str:
    """The parameter that dishka fills with an object made of the request and that a handler hands on, or empty.

    `await edit(thing_id, identity=identity)`: whether strangers get through is decided where the object is asked.
    Of an interface, `identity.player()`, it is not known which object stands for it, so asking it is handing on, too.
    """
    function = handler if isinstance(handler, Function) else None
    if function is None or not _uses_dishka(function.module):
        return ""
    given, asked = _used(function)
    for parameter in parameters(handler):
        annotation = resolver.annotation(parameter) if parameter.name in given | asked else None
        wanted = _asked_for(annotation.base if isinstance(annotation, Annotated) else annotation)
        for cls in wanted:
            standing = standing_in(interpreter, cls) if isinstance(cls, Class) else None
            counts = parameter.name in given or standing is not cls
            if counts and standing is not None and id(standing) in holders(interpreter):
                return parameter.name
    return ""


def _used(function: Function) -> tuple[set[str], set[str]]:
    """The names that calls in a function are given as they are, and those that have a method called."""
    given: set[str] = set()
    asked: set[str] = set()
    for call in function.forms.of("call"):
        arguments = (*call[3], *(value for _, value, _ in call[4]))
        given.update(argument[2] for argument in arguments if argument[0] == "name")
        if call[2][0] == "attr" and call[2][2][0] == "name":
            asked.add(call[2][2][2])
    return given, asked


def _asked_for(annotation: Value | None) -> list[Value]:
    """What `FromDishka[Member]` names; nothing for any other annotation."""
    if not isinstance(annotation, Generic) or not annotation.origin.startswith("dishka."):
        return []
    members = annotation.members if annotation.origin.endswith(".FromDishka") else []
    return [option for member in members for option in options(member)]


def _providers(interpreter: Interpreter) -> _Providers:
    if interpreter not in _KNOWN:
        methods: dict[_Key, Value] = {}
        places: set[tuple[str, int]] = set()
        _KNOWN[interpreter] = (methods, places)
        for module in interpreter.modules.by_file.values():
            if not _uses_dishka(module):
                continue
            interpreter.run_module(module)
            classes = [
                item for item in module.scope.names.values() if isinstance(item, Class) and item.module is module
            ]
            for cls in classes:
                if any(base.startswith("dishka.") and base.endswith(".Provider") for base in cls.external_bases()):
                    for method in cls.namespace.values():
                        if isinstance(method, Function) and _is_maker(method):
                            _add(interpreter, cls, method, methods)
                            places.update((module.file, form[4]) for form in method.parameters)
    return _KNOWN[interpreter]


def is_provider(value: Value) -> bool:
    """Whether a callable is dishka's: FastAPI knows nothing of it, so it is none of a route's dependencies."""
    function = value.function if isinstance(value, Bound) else value
    return isinstance(function, Function) and _is_maker(function)


def _is_maker(method: Function) -> bool:
    return any(isinstance(item, External) and item.name in _MAKERS for item in method.decorators)


def _add(interpreter: Interpreter, cls: Class, method: Function, methods: dict[_Key, Value]) -> None:
    given = [interpreter.ask(method.returns, method.scope)] if method.returns is not None else []
    given += [
        told
        for item in method.decorators
        if isinstance(item, External)
        and item.arguments is not None
        and (told := item.arguments.get("provides")) is not None
    ]
    for option in (option for value in given for option in options(value)):
        for member in option.members if isinstance(option, Generic) else [option]:
            for key in _keys(member):
                methods.setdefault(key, Bound(Instance(cls), method))


def _uses_dishka(module: Module) -> bool:
    return module.facts.imports_from("dishka")
