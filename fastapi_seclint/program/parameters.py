"""Arguments on their way into a function: what its parameters are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORD_ONLY, KEYWORDS, VARIADIC
from fastapi_seclint.program import command_line
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Const,
    Function,
    Instance,
    Mapping,
    Place,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def bind_parameters(function: Function, arguments: Arguments, scope: Scope) -> None:
    """Give the parameters their arguments, defaults or an unknown."""
    positional = list(arguments.positional)
    keywords = dict(arguments.keywords)
    for form, default in zip(function.parameters, function.defaults, strict=True):
        name, kind = form[0], form[1]
        if kind == VARIADIC:
            scope.names[name] = Collection("tuple", positional, arguments.open)
            positional = []
        elif kind == KEYWORDS:
            items: list[tuple[Value, Value]] = [(Const(key), value) for key, value in keywords.items()]
            scope.names[name] = Mapping(items, arguments.open)
        elif kind != KEYWORD_ONLY and positional:
            scope.names[name] = positional.pop(0)
        elif name in keywords:
            scope.names[name] = keywords.pop(name)
        elif not arguments.open and (given := command_line.parameter(function, name, default)) is not None:
            scope.names[name] = given
        else:
            scope.names[name] = Unknown(f"the parameter {name}", Place(function.module, form[4]))
    if function.parameters and function.owner is not None and function.kind != "static":
        scope.receiver = scope.names.get(function.parameters[0][0])


def type_unknown(interpreter: Interpreter, function: Function, scope: Scope) -> None:
    """Where an argument of `__init__` is not known, the parameter is an object of the class that annotates it."""
    from fastapi_seclint.program.inside import object_of

    for form in function.parameters:
        if form[2] is None or not isinstance(scope.names.get(form[0]), Unknown):
            continue
        key = (id(function), f"of {form[0]}")
        if key not in interpreter.unmade:
            interpreter.unmade[key] = None
            found = object_of(interpreter, form[2], function.scope)
            interpreter.unmade[key] = found if isinstance(found, Instance) and isinstance(found.cls, Class) else None
            interpreter.kept.append(function)
        if (typed := interpreter.unmade[key]) is not None:
            scope.names[form[0]] = typed
