"""Applications that the project puts behind middleware by hand: `app = Guard(app)`, `mount("/api", Guard(api))`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.program import credentials
from fastapi_seclint.program.layers import layer
from fastapi_seclint.program.routers import Layer, native
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    External,
    Function,
    Instance,
    Place,
    Value,
    join,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


@dataclass(slots=True, eq=False)
class Wrapping:
    """One object that holds an application and is served in its place; `mounted` when a mount serves it.

    The object is kept, since wrappings are found by its identity.
    """

    wrapper: Value
    inner: Value
    layer: Layer
    mounted: bool = False


def wrap(interpreter: Interpreter, wrapper: Value, what: Value, arguments: Arguments, place: Place) -> None:
    """Note that a call made `wrapper` of an application that it was given; other calls leave no trace."""
    if not interpreter.recording or not _is_middleware(what):
        return
    inner = arguments.get("app", 0)
    held = list(options(inner))
    if not any((isinstance(item, Instance) and item.native) or id(item) in interpreter.wrappings for item in held):
        return
    keywords = {name: value for name, value in arguments.keywords.items() if name != "app"}
    positional = arguments.positional if "app" in arguments.keywords else arguments.positional[1:]
    rest = Arguments(positional, keywords, arguments.open)
    if inner is not None:
        interpreter.wrappings[id(wrapper)] = Wrapping(wrapper, inner, layer(interpreter, what, rest, place))


def behind(interpreter: Interpreter, value: Value) -> tuple[Value, list[Wrapping]]:
    """What is behind every wrapper around one value, and the wrappers, outermost first."""
    around: list[Wrapping] = []
    while (wrapping := interpreter.wrappings.get(id(value))) is not None:
        around.append(wrapping)
        value = next(options(wrapping.inner))
    return value, around


def mounted(interpreter: Interpreter, value: Value) -> tuple[Value, list[Layer]]:
    """What a mount serves: the application behind the middleware around it, and that middleware, outermost first."""
    possible = list(options(value))
    layers: list[Layer] = []
    found: list[Value] = []
    for option in possible:
        inner, around = behind(interpreter, option)
        for wrapping in around:
            wrapping.mounted = True
            wrapping.layer.conditional = wrapping.layer.conditional or len(possible) > 1
            layers.append(wrapping.layer)
        found.append(inner)
    return (join(found), layers) if layers else (value, [])


def settle(interpreter: Interpreter, exported: Iterable[Value]) -> None:
    """Give applications the middleware that was put around them and that no mount serves.

    An application that a module still offers by a name of its own may be served without it.
    """
    bare = {id(value.native) for value in exported if isinstance(value, Instance) and value.native is not None}
    for wrapping in interpreter.wrappings.values():
        if wrapping.mounted or not _may_guard(wrapping.layer.what):
            continue
        inner = [behind(interpreter, option)[0] for option in options(wrapping.inner)]
        for instance in (instance for option in inner for instance in native(option)):
            if instance.native is not None:
                wrapping.layer.conditional = wrapping.layer.conditional or id(instance.native) in bare
                instance.native.layers.append(wrapping.layer)


def _is_middleware(what: Value) -> bool:
    """Whether calling something with an application makes ASGI middleware: a class of the project, or a library's."""
    if isinstance(what, External):
        return what.name.endswith(("Middleware", "ASGIApp"))
    if not isinstance(what, Class):
        return False
    methods = [base.namespace for base in what.lineage() if isinstance(base, Class)]
    called = next((found for names in methods if isinstance(found := names.get("__call__"), Function)), None)
    return any("dispatch" in names for names in methods) or (called is not None and len(called.parameters) == _ASGI)


_ASGI = 4
"""The parameters of `__call__(self, scope, receive, send)`."""


def _may_guard(what: Value) -> bool:
    """Whether middleware may refuse strangers; a library's by its name."""
    if not isinstance(what, External):
        return True
    last = what.name.rpartition(".")[2]
    return credentials.entry("middleware", what.name) is not None or credentials.names_guardian(last)
