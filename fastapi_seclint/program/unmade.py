"""What an object has that no code in sight makes: what its methods assign, what subclasses leave to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.calls import instantiate
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routers import Layer
from fastapi_seclint.program.stranger_objects import is_abstract
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Environment,
    External,
    Function,
    Instance,
    Text,
    Unknown,
    Value,
    join,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def attribute_of_unmade(interpreter: Interpreter, cls: Class, name: str) -> Value | None:
    """What an object whose making was not followed has under a name: what its methods assign to `self.name`.

    Where that is what the constructor is told, the objects of the class that the program makes say it; an attribute
    that a class only declares is what its subclasses write.
    """
    key = (id(cls), name)
    if key not in interpreter.unmade:
        interpreter.unmade[key] = None
        interpreter.unmade[key] = _search_methods(interpreter, cls, name)
    found = interpreter.unmade[key]
    if found is None or is_told(found):
        return _of_made(interpreter, cls, name) or found or _of_subclasses(interpreter, cls, name)
    made = _of_made(interpreter, cls, name) if any(map(is_told, options(found))) else None
    return found if made is None else join([made, found])


def is_told(value: Value) -> bool:
    """Whether a value is what somebody gives for a parameter, or for a field, and nothing else is known of it."""
    return all(
        isinstance(option, Unknown)
        or (isinstance(option, Environment) and (option.name == "?" or option.name.startswith("parameter ")))
        or (isinstance(option, External) and option.name.endswith("field()"))
        or (isinstance(option, Collection) and bool(option.items) and all(map(is_told, option.items)))
        or (isinstance(option, Text) and all(isinstance(part, str) or is_told(part) for part in option.parts))
        or _is_any_of_its_kind(option)
        for option in options(value)
    )


def _is_any_of_its_kind(value: Value) -> bool:
    """Whether a value is only known by its class, as an annotation says it: `def __init__(self, clock: Clock)`."""
    return isinstance(value, Instance) and value.arguments is None and isinstance(value.cls, Class)


def field_of_unmade(interpreter: Interpreter, cls: Class, name: str, default: Value) -> Value:
    """What a field with a default may be in the objects of a class: what those in sight were given, or the default."""
    made = interpreter.objects.get(id(cls), ())
    made = made or _made_in_functions(interpreter, cls)
    found = [item.attributes[name] for item in made if name in item.attributes]
    return join([*found, default]) if len(found) < len(made) or not found else join(found)


def of_heirs(interpreter: Interpreter, cls: Class, name: str, own: Value) -> Value:
    """What a method reads of its object where the class has a value that subclasses write anew: any of them."""
    found = _of_subclasses(interpreter, cls, name)
    return own if found is None else join([own, found])


def _of_made(interpreter: Interpreter, cls: Class, name: str) -> Value | None:
    """What the objects of a class that the set-up code makes have under a name, where all of them have it."""
    made = [*interpreter.objects.get(id(cls), ()), *_layers(interpreter, cls)]
    made = made or _made_in_functions(interpreter, cls)
    found = [item.attributes[name] for item in made if name in item.attributes]
    return join(found) if found and len(found) == len(made) else None


def _made_in_functions(interpreter: Interpreter, cls: Class) -> list[Instance]:
    """The objects of a class that functions make which no set-up code calls: those that guards ask for, say."""
    known = interpreter.made_later
    if id(cls) not in known:
        if any(module.state == "running" for module in interpreter.modules.by_file.values()):
            return []
        known[id(cls)] = (cls, [])
        spoken = f'"{cls.name}"'.encode()
        for module in interpreter.modules.speaking((cls.name,)):
            if interpreter.modules.is_test(module) or module.state != "done":
                continue
            known[id(cls)][1].extend(_provided(interpreter, module, cls))
            for number in range(len(module.facts.functions)):
                function = interpreter.functions.get((module.file, number))
                if function is not None and module.facts.body_mentions(number, spoken):
                    known[id(cls)][1].extend(_made_in(interpreter, function, cls))
    return known[id(cls)][1]


def _provided(interpreter: Interpreter, module: Module, cls: Class) -> Iterator[Instance]:
    """The objects that containers of dependency-injector make of a class: `providers.Singleton(Signer, ttl=900)`."""
    held = [own for value in list(module.scope.names.values()) for own in _with_members(value, module)]
    for value in held:
        given = value.arguments if isinstance(value, External) and value.name.startswith(_PROVIDERS) else None
        if given is None or not given.positional or given.positional[0] is not cls:
            continue
        with interpreter.asking():
            made = instantiate(interpreter, cls, Arguments(given.positional[1:], given.keywords), cls.place)
        if isinstance(made, Instance):
            yield made


_PROVIDERS = "dependency_injector.providers."
"""https://python-dependency-injector.ets-labs.org/providers/: what a provider is given is handed to what it makes."""


def _with_members(value: Value, module: Module) -> list[Value]:
    own = isinstance(value, Class) and value.module is module
    return [value, *(value.namespace.values() if isinstance(value, Class) and own else ())]


def _made_in(interpreter: Interpreter, function: Function, cls: Class) -> Iterator[Instance]:
    scope = FunctionScope(interpreter, function)
    for form in function.forms.of("call"):
        if last_name(form[2]) == cls.name and scope.ask(form[2]) is cls:
            for option in options(scope.ask(form)):
                if isinstance(option, Instance) and option.cls is cls:
                    yield option


def _layers(interpreter: Interpreter, cls: Class) -> Iterator[Instance]:
    for router in interpreter.routers:
        for layer in router.layers:
            for option in options(layer.what):
                if isinstance(option, Class) and cls in option.lineage():
                    yield middleware_of(interpreter, layer, option)


def middleware_of(interpreter: Interpreter, layer: Layer, cls: Class) -> Instance:
    """A middleware as the application makes it: with the arguments that `add_middleware` was given."""
    given = layer.arguments
    if not given.positional and not given.keywords:
        return Instance(cls)
    behind = Unknown("the application behind a middleware", layer.place)
    with interpreter.asking():
        made = instantiate(interpreter, cls, Arguments([behind, *given.positional], given.keywords), layer.place)
    return made if isinstance(made, Instance) else Instance(cls)


def is_left_open(cls: Class, name: str) -> bool:
    """Whether a class only says that its subclasses have a property, `@property @abstractmethod def key(self)`."""
    lineage = (base.namespace for base in cls.lineage() if isinstance(base, Class))
    found = next((namespace[name] for namespace in lineage if name in namespace), None)
    return isinstance(found, Function) and found.kind == "property" and is_abstract(found)


def _of_subclasses(interpreter: Interpreter, cls: Class, name: str) -> Value | None:
    """What subclasses write for an attribute, those of tests left out: any of them may be the object's."""
    is_test = interpreter.modules.is_test
    found = [
        value.namespace[name]
        for module in interpreter.modules.speaking((name,))
        if is_test(cls.module) or not is_test(module)
        for value in _declaring(interpreter, module).get(name, ())
        if value is not cls and cls in value.lineage()
    ]
    return join(found) if found else None


def _declaring(interpreter: Interpreter, module: Module) -> dict[str, list[Class]]:
    """The classes of a module that have a known value for an attribute, by its name.

    Found once when the module has run: names are only added later.
    """
    names = module.scope.names
    count, classes = interpreter.classes.get(module.file, (-1, {}))
    if count != len(names):
        classes = {}
        for value in names.values():
            for name, own in value.namespace.items() if isinstance(value, Class) and value.module is module else ():
                if not isinstance(own, Function | Unknown):
                    classes.setdefault(name, []).append(value)
        interpreter.classes[module.file] = (len(names) if module.state == "done" else -1, classes)
    return classes


def _search_methods(interpreter: Interpreter, cls: Class, name: str) -> Value | None:
    for base in cls.lineage():
        if not isinstance(base, Class):
            continue
        methods = [item for item in base.namespace.values() if isinstance(item, Function) and item.takes_object]
        for method in sorted(methods, key=lambda item: item.name != "__init__"):
            if method.number < 0 or not method.parameters:
                continue
            if not method.module.facts.body_mentions(method.number, f'"{name}"'.encode()):
                continue
            found = _assigned_to_self(interpreter, method, name)
            if found is not None:
                return found
    return None


def _assigned_to_self(interpreter: Interpreter, method: Function, name: str) -> Value | None:
    own = method.parameters[0][0]
    values: list[Value] = []
    pending = list(method.statements())
    while pending:
        statement = pending.pop(0)
        targets = statement[2] if statement[0] == "assign" else [statement[2]] if statement[0] == "annassign" else []
        for target in targets:
            on_self = target[0] == "attr" and target[3] == name and target[2][0] == "name" and target[2][2] == own
            if on_self and statement[-1] is not None:
                values.append(interpreter.ask(statement[-1], FunctionScope(interpreter, method)))
        pending[:0] = [inner for block in blocks(statement) for inner in block]
    return join(values) if values else None
