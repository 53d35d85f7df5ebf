"""Calls: project functions are followed, classes make objects, libraries answer for what the model knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import GENERATOR
from fastapi_seclint.program import (
    builtin_calls,
    builtin_methods,
    fastapi_calls,
    new_types,
    paths,
    routables,
    signatures,
)
from fastapi_seclint.program.fastapi_calls import native_attribute
from fastapi_seclint.program.markers import MARKERS, marker, marker_of
from fastapi_seclint.program.models import converter_of, data_of, factory_of, field_default, validated_by
from fastapi_seclint.program.parameters import bind_parameters, type_unknown
from fastapi_seclint.program.router_making import initialize, is_router_class
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    NONE,
    Annotated,
    Arguments,
    Bound,
    Choice,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Generic,
    Instance,
    Native,
    Partial,
    Place,
    RouteDecorator,
    Super,
    Unknown,
    Value,
    join,
    options,
)
from fastapi_seclint.program.worthwhile import builds, gives_run_time_data, touches_routes
from fastapi_seclint.program.wrappings import wrap

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

__all__ = ["MARKERS", "call", "field_default", "invoke", "is_router_class", "native_attribute"]

_MAX_SAME = 2


def call(interpreter: Interpreter, function: Value, arguments: Arguments, place: Place) -> Value:
    """The value of calling something."""
    interpreter.step()
    if isinstance(function, External):
        return _call_external(interpreter, function, arguments, place)
    if isinstance(function, Function):
        return invoke(interpreter, function, arguments, place)
    if isinstance(function, Bound):
        return _call_bound(interpreter, function, arguments, place)
    if isinstance(function, Class):
        return instantiate(interpreter, function, arguments, place)
    if isinstance(function, Native):
        return _call_native(interpreter, function, arguments, place)
    if isinstance(function, RouteDecorator):
        return fastapi_calls.decorate(interpreter, function, arguments)
    if isinstance(function, Partial):
        positional = [*function.arguments.positional, *arguments.positional]
        keywords = {**function.arguments.keywords, **arguments.keywords}
        return call(interpreter, function.function, Arguments(positional, keywords, arguments.open), place)
    if isinstance(function, Choice):
        return join([call(interpreter, option, arguments, place) for option in function.options[:6]])
    if isinstance(function, Instance):
        return _call_instance(interpreter, function, arguments, place)
    if isinstance(function, Generic) and "." in function.origin and not function.origin.startswith("typing."):
        return _call_external(interpreter, External(function.origin, None, None, function.place), arguments, place)
    if isinstance(function, Annotated) and (given := new_types.converted(function, arguments)) is not None:
        return given
    if isinstance(function, Annotated | Generic):
        return Unknown("an object of a generic type", place)
    if isinstance(function, Environment) and (
        isinstance(function.default, Class | Function | Bound)
        or (function.default is not None and function.name.startswith("parameter "))
    ):
        return call(interpreter, function.default, arguments, place)
    return Unknown(function.reason if isinstance(function, Unknown) else "a call of something unknown", place)


def _call_external(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value:
    known = fastapi_calls.call(interpreter, function, arguments, place)
    if known is None and (cls := validated_by(function)) is not None:
        known = instantiate(interpreter, cls, data_of(function.name, arguments), place)
    if known is None:
        known = builtin_calls.call(interpreter, function, arguments, place)
    if known is None and function.name.startswith("pathlib."):
        known = paths.call(interpreter, function, arguments, place)
    if known is not None:
        return known
    parent = function.parent if not function.called else function
    made = External(f"{function.name}()", arguments, parent or function, place)
    wrap(interpreter, made, function, arguments, place)
    return made


def _call_bound(interpreter: Interpreter, bound: Bound, arguments: Arguments, place: Place) -> Value:
    given = Arguments([bound.receiver, *arguments.positional], arguments.keywords, arguments.open)
    return call(interpreter, bound.function, given, place)


def _call_native(interpreter: Interpreter, method: Native, arguments: Arguments, place: Place) -> Value:
    receiver = method.receiver
    if isinstance(receiver, Class):
        return instantiate(interpreter, receiver, data_of(method.name, arguments), place)
    if isinstance(receiver, Instance) and receiver.native is None and method.name in builtin_calls.DUMPS:
        dumped = builtin_calls.as_dict(interpreter, Arguments([receiver]), place)
        if interpreter.rehearsal is not None and {"exclude", "include"} & arguments.keywords.keys():
            return Unknown("a part of an object as a dictionary", place)
        return dumped if dumped is not None else Unknown("an object as a dictionary", place)
    if isinstance(receiver, Instance) and signatures.is_signature(receiver):
        return signatures.replaced(receiver, arguments, place)
    if isinstance(receiver, Instance):
        return fastapi_calls.call_method(interpreter, receiver, method.name, arguments, place)
    return builtin_methods.call_method(interpreter, receiver, method.name, arguments, place)


def _call_instance(interpreter: Interpreter, instance: Instance, arguments: Arguments, place: Place) -> Value:
    method = method_of(instance, "__call__")
    if method is None:
        return Unknown("a call of an object without __call__ in sight", place)
    return call(interpreter, Bound(instance, method), arguments, place)


def method_of(instance: Instance, name: str) -> Function | None:
    """The method of a project class, nearest in its lineage."""
    if not isinstance(instance.cls, Class):
        return None
    for base in instance.cls.lineage():
        if isinstance(base, Class) and isinstance(found := base.namespace.get(name), Function):
            return found
    return None


def invoke(interpreter: Interpreter, function: Function, arguments: Arguments, place: Place) -> Value:
    """Run a function of the project and join what it may return."""
    from fastapi_seclint.program import execution
    from fastapi_seclint.program.inside import declared, says_nothing
    from fastapi_seclint.program.interpreter import MAX_STEPS_A_CALL, BudgetSpent

    key = (function.module.file, function.number)
    if not interpreter.recording and interpreter.rehearsal is None and gives_run_time_data(function):
        return declared(interpreter, function) or Unknown(f"what {function.name} gives when the program runs", place)
    if interpreter.starting and not touches_routes(function, arguments):
        return Unknown(f"what {function.name} gives when the application starts", place)
    if key in interpreter.endless and not touches_routes(function, arguments):
        return Unknown(f"{function.name} does more than can be followed", place)
    interpreter.invoked.add(key)
    if interpreter.depth >= interpreter.deepest or interpreter.context.count(key) >= _MAX_SAME:
        return declared(interpreter, function) or Unknown("calls that nest too deeply", place)
    scope = Scope(function.module, "function", function.scope, f"{function.qualname}.<locals>.", function.owner)
    bind_parameters(function, arguments, scope)
    if function.name == "__init__":
        type_unknown(interpreter, function, scope)
    scope.yielded = [] if _makes_items(function) else None
    interpreter.depth += 1
    interpreter.context += [key, (place.module.file, place.at)]
    interpreter.calls.append(function.dotted)
    whole = False
    try:
        apart = interpreter.recording and builds(function)
        with interpreter.own_budget() if apart else interpreter.budget(MAX_STEPS_A_CALL) as whole:
            outcome = execution.run(interpreter, function.statements(), scope)
    except BudgetSpent:
        if whole:
            interpreter.endless.add(key)
        interpreter.step()
        return Unknown(f"{function.name} does more than can be followed", place)
    finally:
        interpreter.depth -= 1
        del interpreter.context[-2:]
        interpreter.calls.pop()
    if scope.yielded is not None:
        return Collection("list", scope.yielded, place=place)
    returned = [*scope.returned, *scope.unlikely]
    if not returned and outcome == execution.ENDS:
        return declared(interpreter, function) or Unknown(f"{function.name} raises with these settings", place)
    if not returned and function.is_stub:
        return declared(interpreter, function) or Unknown(f"what {function.name} gives is not written here", place)
    made = join(returned) if returned else NONE
    if _is_unknown_partly(made) or (not interpreter.recording and says_nothing(made)):
        return _of_declared(declared(interpreter, function), made)
    if isinstance(made, Function) and made.scope is scope:
        return _same_closure(interpreter, function, arguments, made)
    return made


def _is_unknown_partly(made: Value) -> bool:
    return any(isinstance(option, Unknown) for option in options(made))


def _of_declared(said: Value | None, made: Value) -> Value:
    """What a function gives that is not wholly in sight: an object of the class that it says it returns.

    Where it is seen to give anything but such objects, what is seen counts.
    """
    known = [option for option in options(made) if not isinstance(option, Unknown) and option is not NONE]
    if said is None or not isinstance(said, Instance):
        return made
    alike = [option for option in known if isinstance(option, Instance) and option.cls is said.cls]
    return made if len(alike) < len(known) else alike[0] if alike else said


def _same_closure(interpreter: Interpreter, function: Function, arguments: Arguments, made: Function) -> Function:
    """The function that an earlier call with the same arguments made, so that one guard is one to those who compare."""
    given = [*arguments.positional, *arguments.keywords.values()]
    said = tuple((type(item.value), item.value) if isinstance(item, Const) else id(item) for item in given)
    key = (id(function), said, tuple(arguments.keywords))
    return interpreter.closures.setdefault(key, (made, function, given))[0]


def _makes_items(function: Function) -> bool:
    """Whether a call gives an iterator; a generator that contextlib wraps gives what it yields to `with`."""
    wrapped = any(isinstance(item, External) and item.name.startswith("contextlib.") for item in function.decorators)
    return bool(function.flags & GENERATOR) and not wrapped


def super_of(scope: Scope) -> Value:
    """What `super()` is in a method."""
    current: Scope | None = scope
    while current is not None:
        if current.receiver is not None and current.owner is not None:
            return Super(current.owner, current.receiver)
        current = current.parent
    return Unknown("super() outside a method")


def is_made_specially(name: str) -> bool:
    """Whether the constructor of a library's class does something that the model follows."""
    return name in MARKERS or routables.is_routable(name)


def instantiate(interpreter: Interpreter, cls: Class, arguments: Arguments, place: Place) -> Value:
    """An object of a project class; a subclass of FastAPI or APIRouter becomes an application or router."""
    externals = cls.external_bases()
    kind = next((found for base in externals if (found := is_router_class(base))), None)
    if kind is not None and (made := interpreter.made(place)) is not None:
        return made
    instance = Instance(cls, {}, arguments, None, place)
    if any(base.startswith("enum.") for base in externals):
        return Unknown(f"a member of {cls.name}", place)
    initializer = method_of(instance, "__init__")
    if initializer is None and _is_plain_dictionary(cls, externals):
        return builtin_calls.call(interpreter, External("builtins.dict"), arguments, place) or instance
    if initializer is None:
        _set_fields(interpreter, cls, instance, arguments, place)
        if kind is not None:
            initialize(interpreter, instance, kind, arguments, place)
        elif any(map(routables.is_routable, externals)):
            routables.fill(interpreter, instance, arguments, place)
    else:
        given = Arguments([instance, *arguments.positional], arguments.keywords, arguments.open)
        invoke(interpreter, initializer, given, place)
        if kind is not None and instance.native is None:
            initialize(interpreter, instance, kind, Arguments(open=True), place)
    if kind is not None:
        interpreter.remember(place, instance)
    else:
        interpreter.note(instance)
        wrap(interpreter, instance, cls, arguments, place)
    marked = marker_of(cls)
    if marked is not None:
        return marker(marked, instance.arguments or arguments, place)
    return instance


def _is_plain_dictionary(cls: Class, externals: list[str]) -> bool:
    """Whether a class only gives dictionaries another name, or says what theirs have: it has no methods."""
    bases = (base for base in cls.lineage() if isinstance(base, Class))
    return bool(_DICTIONARIES & {*externals}) and not any(
        isinstance(value, Function | External) for base in bases for value in base.namespace.values()
    )


_DICTIONARIES = frozenset(
    {"builtins.dict", "collections.OrderedDict", "typing.TypedDict", "typing_extensions.TypedDict"}
)


def _set_fields(interpreter: Interpreter, cls: Class, instance: Instance, arguments: Arguments, place: Place) -> None:
    """Fields of dataclasses, attrs classes and models from the arguments or factories, then what runs after that."""
    from fastapi_seclint.program import attributes

    positional = list(arguments.positional)
    for base in reversed(list(cls.lineage())):
        if isinstance(base, Class):
            for name, _, default in base.fields:
                if name in arguments.keywords or (positional and base is cls):
                    given = arguments.keywords[name] if name in arguments.keywords else positional.pop(0)
                    turn = converter_of(default)
                    instance.attributes[name] = call(interpreter, turn, Arguments([given]), place) if turn else given
                elif (factory := factory_of(default)) is not None:
                    interpreter.context.append((place.module.file, place.at, name))
                    made = call(interpreter, factory, Arguments(), place)
                    instance.attributes[name] = Environment(name, made, place) if attributes.is_settings(cls) else made
                    interpreter.context.pop()
    for name in ("__attrs_post_init__", "__post_init__"):
        after = method_of(instance, name)
        if after is not None:
            invoke(interpreter, after, Arguments([instance]), place)
