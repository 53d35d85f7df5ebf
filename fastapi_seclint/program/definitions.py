"""Definitions: functions, classes, and what decorators make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import calls
from fastapi_seclint.program.enumerations import number_members
from fastapi_seclint.program.passing_on import passes_on
from fastapi_seclint.program.routers import Registration, native
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    External,
    Function,
    Instance,
    Place,
    RouteDecorator,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_KINDS = {
    "builtins.staticmethod": "static",
    "abc.abstractstaticmethod": "static",
    "builtins.classmethod": "class",
    "builtins.property": "property",
    "functools.cached_property": "property",
    "abc.abstractproperty": "property",
}


def function(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """What a `def` binds: the function, or what its decorators make of it."""
    _, at, number, name, flags, parameters, decorators, returns = form
    defaults = [None if item[3] is None else interpreter.evaluate(item[3], scope) for item in parameters]
    made = Function(
        scope.module,
        number,
        name,
        f"{scope.prefix}{name}",
        flags,
        parameters,
        defaults,
        scope,
        at,
        returns,
        owner=scope.owner if scope.kind == "class" else None,
    )
    interpreter.functions[(scope.module.file, number)] = made
    if not decorators:
        return made
    applied = [(interpreter.evaluate(item, scope), Place(scope.module, item[1])) for item in decorators]
    value: Value = made
    for decorator, place in reversed(applied):
        value = _decorate(interpreter, decorator, value, place)
    return value


def _decorate(interpreter: Interpreter, decorator: Value, value: Value, place: Place) -> Value:
    if isinstance(decorator, External) and decorator.name in _KINDS and isinstance(value, Function):
        value.kind = _KINDS[decorator.name]
        return value
    if isinstance(decorator, External | Unknown):
        _note(value, decorator)
        if isinstance(decorator, External) and isinstance(value, Function) and decorator.arguments is not None:
            _stand_for(value, decorator.name, decorator.arguments)
        return value
    result = calls.call(interpreter, decorator, Arguments([value]), place)
    if isinstance(decorator, RouteDecorator):
        return value
    if isinstance(result, Function):
        if result is not value and isinstance(value, Function) and passes_on(interpreter, result, value):
            _note(value, decorator)
            return value
        if result is not value:
            result.decorators.append(decorator)
            result.owner = result.owner or (value.owner if isinstance(value, Function) else None)
        else:
            _note(value, decorator)
        return result
    _note(value, decorator)
    return value if isinstance(value, Function | Class) and not isinstance(result, Class | Instance) else result


def _stand_for(function: Function, decorator: str, arguments: Arguments) -> None:
    """What a library's decorator says that a function stands for, or which parameters it lets others see."""
    if decorator == "functools.wraps()" and arguments.positional:
        function.wraps = arguments.positional[0]
    elif decorator == "makefun.with_signature()" and (shown := arguments.get("func_signature", 0)) is not None:
        function.attributes["__signature__"] = shown


def _note(value: Value, decorator: Value) -> None:
    if isinstance(value, Function | Class):
        value.decorators.append(decorator)


def define_class(interpreter: Interpreter, form: Form, scope: Scope) -> None:
    """Run a class statement and bind the class."""
    _, at, name, bases, keywords, decorators, body = form
    from fastapi_seclint.program import execution

    inner = Scope(scope.module, "class", scope, f"{scope.prefix}{name}.")
    made = Class(
        scope.module,
        name,
        f"{scope.prefix}{name}",
        [interpreter.evaluate(base, scope) for base in bases],
        inner.names,
        at,
        scope,
        keywords={key: interpreter.evaluate(value, scope) for key, value, _ in keywords if key},
    )
    inner.owner = made
    execution.run(interpreter, body, inner)
    made.namespace = inner.names
    number_members(interpreter, made)
    scope.bind(name, made)
    _tell_bases(interpreter, made)
    value: Value = made
    for decorator in reversed(decorators):
        value = _decorate_class(interpreter, decorator, value, scope)
    scope.bind(name, value)


def _tell_bases(interpreter: Interpreter, made: Class) -> None:
    """Run the `__init_subclass__` of the nearest base, which may keep the class: `Base.subclasses += (cls,)`.

    Python does so whenever a class is made (https://docs.python.org/3/reference/datamodel.html#object.__init_subclass__).
    """
    for base in made.lineage():
        hook = base.namespace.get("__init_subclass__") if isinstance(base, Class) and base is not made else None
        if isinstance(hook, Function):
            calls.call(interpreter, hook, Arguments([made], dict(made.keywords)), made.place)
            return


def _decorate_class(interpreter: Interpreter, form: Form, value: Value, scope: Scope) -> Value:
    place = Place(scope.module, form[1])
    decorator = interpreter.evaluate(form, scope)
    if isinstance(value, Class):
        value.decorators.append(decorator)
        router = _router_argument(interpreter, form, scope)
        if router is not None:
            value.view_of = router
            if _has_handlers_of(value, router):
                return value
    if isinstance(decorator, External | Unknown):
        return value
    result = calls.call(interpreter, decorator, Arguments([value]), place)
    return result if isinstance(result, Class) else value


def made_view(interpreter: Interpreter, form: Form, cls: Class, scope: Scope) -> bool:
    """Whether a call makes a view of a class as its decorator would: `cbv(router)(cls)`, `router.cbv(cls)`."""
    router = _router_argument(interpreter, form, scope)
    if router is None or not _has_handlers_of(cls, router):
        return False
    cls.view_of = router
    return True


def _has_handlers_of(cls: Class, router: Instance) -> bool:
    """Whether methods of a class are handlers of a router already: only what gives them `self` is left to do."""
    entries = router.native.entries if router.native is not None else []
    handlers = {id(entry.endpoint) for entry in entries if isinstance(entry, Registration)}
    return any(id(member) in handlers for member in cls.namespace.values())


def _router_argument(interpreter: Interpreter, form: Form, scope: Scope) -> Instance | None:
    """The router that a class decorator is given or belongs to: `@cbv(router)`, `@router.cbv`."""
    if form[0] == "attr":
        return next(native(interpreter.evaluate(form[2], scope)), None)
    if form[0] != "call":
        return None
    for argument in [*form[3], *[keyword[1] for keyword in form[4]]]:
        for instance in native(interpreter.evaluate(argument, scope)):
            return instance
    return None
