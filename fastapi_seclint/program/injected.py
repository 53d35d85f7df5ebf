"""What dishka gives for a type: the method of a project's `Provider` that returns it (dishka.readthedocs.io).

`FromDishka[Member]` in a handler runs `@provide def member(self, request: Request) -> Member`, which may refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.program.new_types import mark_of
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
    return any(name.partition(".")[0] == "dishka" for name in module.facts.imports)
