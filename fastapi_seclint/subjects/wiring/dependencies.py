"""What the rules about wiring share: every `Depends(...)` of a project, who gets what it gives, and what it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.values import Class, External, Function, Instance, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

DEPENDS = ("fastapi.param_functions.Depends", "fastapi.param_functions.Security")
_CONNECTIONS = ("starlette.requests.", "starlette.websockets.", "fastapi.security.oauth2.SecurityScopes")


@dataclass(frozen=True, slots=True, eq=False)
class Consumer:
    """A parameter that FastAPI fills: of a route's handler, or of another dependency (then `route` is None)."""

    function: Function
    parameter: Parameter
    route: Route | None


@dataclass(slots=True)
class Wiring:
    """All functions that FastAPI calls with their parameters, and all calls of `Depends` and `Security`."""

    calls: list[Call] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)
    callables: list[Value] = field(default_factory=list)


@answered_once
def wiring(program: Program) -> Wiring:
    """The wiring of a project, tests left out; gathered once."""
    return _gathered(program)


def _gathered(program: Program) -> Wiring:
    found = Wiring([call for call in program.sites.calls(*DEPENDS) if not program.is_test(call.block.module)])
    seen: set[int] = set()
    pending: list[tuple[Value, Route | None]] = []
    for one in program.routes:
        if one.place is not None and not program.is_test(one.place.module):
            pending += [(one.endpoint, one)] if one.endpoint is not None and one.kind != "raw" else []
            pending += [(node.call, None) for node in one.nodes()]
            found.consumers += _of_view(one, seen)
    for call in found.calls:
        argument = call.argument("dependency", 0)
        pending += [(option, None) for option in options(call.value(argument))] if argument is not None else []
    while pending:
        value, route = pending.pop(0)
        function = running(value)
        if isinstance(value, Class) and (method := method_of(Instance(value), "__call__")) is not None:
            pending.append((method, None))
        if function is None or id(function) in seen:
            continue
        seen.add(id(function))
        if route is None:
            found.callables.append(value)
        for parameter in parameters(value):
            found.consumers.append(Consumer(function.innermost, parameter, route))
            dependency = program.walker.resolver.dependency_of(parameter)
            if dependency is not None:
                pending += [(option, None) for option in options(dependency[1])]
    return found


def _of_view(route: Route, seen: set[int]) -> Iterator[Consumer]:
    """The attributes that FastAPI fills of a class whose methods are handlers, once: `user: User = Depends(...)`."""
    handler = route.function
    if handler is None or handler.owner is None or not handler.parameters:
        return
    for node in route.dependencies:
        if node.parameter == handler.parameters[0][0] and isinstance(node.call, Class) and id(node.call) not in seen:
            seen.add(id(node.call))
            if running(node.call) is None:
                yield from (Consumer(handler, parameter, None) for parameter in parameters(node.call))


def fillings(program: Program) -> dict[tuple[object, int], list[Consumer]]:
    """Who gets what each `Depends(...)` gives, by the file and place of the call."""
    found: dict[tuple[object, int], list[Consumer]] = {}
    for consumer in wiring(program).consumers:
        dependency = program.walker.resolver.dependency_of(consumer.parameter)
        if dependency is not None and dependency[0].place is not None:
            place = dependency[0].place
            found.setdefault((place.module.file, place.at), []).append(consumer)
    return found


def asks(program: Program, parameter: Parameter) -> bool:
    """Whether FastAPI fills a parameter with more than plain input: a dependency, the request, a header, a cookie."""
    if program.walker.resolver.dependency_of(parameter) is not None:
        return True
    base = program.walker.resolver.type_of(parameter)
    if isinstance(base, External) and base.name.startswith(_CONNECTIONS):
        return True
    return any(True for _ in program.walker.resolver.sources(parameter))


def is_dependency(program: Program, value: Value) -> bool:
    """Whether a callable is written to be called by FastAPI, as a guard: it asks for the request, or refuses it."""
    function = running(value)
    if isinstance(value, Class | External) or function is None:
        return False
    return any(asks(program, parameter) for parameter in parameters(value)) or refuses(function)


def refuses(function: Function) -> bool:
    """Whether a function's own body raises an HTTP error."""
    for form in function.forms.every:
        if form[0] == "raise" and form[2] is not None:
            called = form[2][2] if form[2][0] == "call" else form[2]
            name = str(called[-1]).lower() if called[0] in ("name", "attr") else ""
            if any(word in name for word in ("http", "forbidden", "unauthor", "denied", "exception", "permission")):
                return True
    return False


def returned(program: Program, function: Function) -> Iterator[Value]:
    """What a function's own return statements may give."""
    scope = program.sites.scope(function.module, function.number) if function.number >= 0 else None
    for form in function.forms.every:
        if form[0] == "return" and form[2] is not None:
            value = scope.ask(form[2]) if scope is not None else program.interpreter.ask(form[2], function.scope)
            yield from options(value)


def handled_as(function: Function, name: str) -> Iterator[tuple[Form, str]]:
    """How a function's body uses a parameter: each form around the name, and `called`, `read` or `passed`."""
    for form in function.forms.every:
        match form:
            case ["call", _, ["name", _, used], *_] if used == name:
                yield form, "called"
            case ["attr", _, ["name", _, used], _] if used == name:
                yield form, "read"
            case ["call", _, _, positional, keywords]:
                given = [*positional, *(value for _, value, _ in keywords)]
                if any(item[0] == "name" and item[2] == name for item in given):
                    yield form, "passed"
