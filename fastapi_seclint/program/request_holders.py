"""Objects that are made of the request by what injects them, and those that are given such objects.

`class CookieTransport: def __init__(self, request: Request)`, then `Sessions(transport)`, `CurrentUser(sessions)` and
`DropThing(current_user)`, which a handler gets of a container and calls: nothing that it hands on is of the request,
and still the objects know who is calling. What a constructor asks for by type says so, as containers read it. Such
objects are made anew for each request, so what a constructor sets to None is None when the first method is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.implementers import CONNECTIONS, implements, is_interface
from fastapi_seclint.program.kinds import NOTHING, REQUEST, Names
from fastapi_seclint.program.values import Annotated, Class, External, Function, Generic, Instance, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_Held = dict[int, Names]
_KNOWN: WeakKeyDictionary[Interpreter, _Held] = WeakKeyDictionary()


def holders(interpreter: Interpreter) -> _Held:
    """The classes that hold the request or something that does, with the attributes that are the request or nothing."""
    if interpreter not in _KNOWN:
        _KNOWN[interpreter] = {}
        _KNOWN[interpreter] = _found(interpreter)
    return _KNOWN[interpreter]


def held_by(interpreter: Interpreter, method: Function, receiver: Value | None) -> Names | None:
    """What a method finds of the request in its object, also where its class inherits it; None where it holds none."""
    held = holders(interpreter)
    made = receiver.cls if isinstance(receiver, Instance) else None
    for cls in (made, method.owner) if held else ():
        for base in cls.lineage() if isinstance(cls, Class) else ():
            if id(base) in held:
                return held[id(base)]
            if isinstance(base, Class) and "__init__" in base.namespace:
                break
    return None


def _found(interpreter: Interpreter) -> _Held:
    modules = [item for item in interpreter.modules.by_file.values() if "__init__" in item.facts.words]
    if not any(CONNECTIONS & module.facts.words for module in modules):
        return {}
    asked: dict[int, tuple[Class, list[Class]]] = {}
    found: _Held = {}
    for module in modules:
        for cls in list(module.scope.names.values()):
            if not isinstance(cls, Class) or cls.module is not module:
                continue
            init = cls.namespace.get("__init__")
            if not isinstance(init, Function) or init.number < 0:
                continue
            types = {
                form[0]: types_of(interpreter, init, form[2]) for form in init.parameters[1:] if form[2] is not None
            }
            requests = {name for name, given in types.items() if any(map(is_connection, given))}
            if requests:
                found[id(cls)] = _kept(init, requests)
            asked[id(cls)] = (cls, [item for given in types.values() for item in given if isinstance(item, Class)])
    return _spread(asked, found) if found else found


def _spread(asked: dict[int, tuple[Class, list[Class]]], found: _Held) -> _Held:
    """The holders, and with them the classes that ask for one, or for an interface that one implements."""
    fresh = [cls for cls, _ in asked.values() if id(cls) in found]
    while fresh:
        known, fresh = fresh, []
        for cls, types in asked.values():
            if id(cls) not in found and any(_stands_for(item, holder) for item in types for holder in known):
                init = cls.namespace["__init__"]
                found[id(cls)] = _kept(init, set()) if isinstance(init, Function) else {}
                fresh.append(cls)
    return found


def _stands_for(asked: Class, holder: Class) -> bool:
    """Whether an object of `holder` may be given where one of `asked` is; what is only called says too little."""
    return asked is holder or (is_interface(asked, beside="__call__") and implements(holder, asked))


def types_of(interpreter: Interpreter, init: Function, annotation: Form) -> list[Value]:
    """The classes and library types that the annotation of a parameter names."""
    value = interpreter.ask(annotation, init.scope)
    found: list[Value] = []
    pending = list(options(value))
    while pending:
        item = pending.pop()
        if isinstance(item, Annotated):
            pending += options(item.base)
        elif isinstance(item, Generic):
            pending += [option for member in item.members for option in options(member)]
        else:
            found.append(item)
    return found


def is_connection(value: Value) -> bool:
    """Whether a type is Starlette's class for a request or a websocket."""
    return (
        isinstance(value, External)
        and value.name.startswith("starlette.")
        and value.name.rpartition(".")[2] in CONNECTIONS
    )


def _kept(init: Function, requests: set[str]) -> Names:
    """The attributes that a constructor sets to a parameter that is the request, or to nothing."""
    found: Names = {}
    for form in init.forms.of("assign", "annassign"):
        targets = form[2] if form[0] == "assign" else [form[2]]
        given = form[-1]
        own = [target[3] for target in targets if target[0] == "attr" and target[2][0] == "name"]
        if given is not None and given[0] == "name" and given[2] in requests:
            found.update(dict.fromkeys(own, REQUEST))
        elif given is not None and given[0] == "const" and given[2] is None:
            found.update(dict.fromkeys(own, NOTHING))
    return found
