"""Guards that a project has, that find out who calls, and that no route depends on so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import Annotated, Class, External, Function, Instance, Value, bare_type, options
from fastapi_seclint.subjects.rights.considering import considers_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SENT = ("Form()", "Body()", "File()", "Query()", "Path()")
"""What marks parameters that a client fills with something else than credentials: those of a login."""
_OF_SOMETHING = re.compile(
    r"webhook|hook(_|$)|signature|captcha|csrf|origin|refresh|internal|(^|_)cron(_|$)|(^|_)(ip|host|reset|invit|verification)",
    re.I,
)
"""Words of guards that let one kind of request in, and not one kind of caller."""


@dataclass(frozen=True, slots=True)
class IdleCaller:
    """A guard as it is written in its own file."""

    module: Module
    form: Form
    function: Function


@lru_cache(maxsize=1)
def idle_guard(program: Program) -> IdleCaller | None:
    """The one guard that is there for nothing, whatever other guards it depends on; None where there are several.

    Who writes a guard wants it somewhere: the route that stands open is where it was forgotten.
    """
    used = {id(node.function) for route in program.routes for node in route.nodes() if node.function is not None}
    handlers = {id(route.function) for route in program.routes}
    found = [item for item in _guards(program) if id(item.function) not in used | handlers]
    below = {id(inner) for item in found for inner in _functions_below(program, item.function)}
    outermost = {id(item.function): item for item in found if id(item.function) not in below}
    return next(iter(outermost.values())) if len(outermost) == 1 else None


def _guards(program: Program) -> Iterator[IdleCaller]:
    for module in program.modules.by_file.values():
        if program.is_test(module) or not module.facts.words & {"Depends", "Security", "Header", "Request"}:
            continue
        for name, value in list(module.scope.names.items()):
            if _OF_SOMETHING.search(name):
                continue
            for option in options(value):
                function = _called(option, module)
                statement = next(iter(bound_names(module.facts.module).get(name, [])), None)
                if function is None or statement is None or statement[0] not in ("def", "assign", "annassign"):
                    continue
                asked = parameters(option)
                if not asked or not all(_is_of_request(program, item) for item in asked):
                    continue
                if program.guard_model.authenticates(option) and not considers_rights(program, function):
                    yield IdleCaller(module, ["name", statement[1], name], function)


def _called(value: Value, module: Module) -> Function | None:
    """The function that runs for a dependency: the one itself, or `__call__` of an object of a class of the project."""
    if isinstance(value, Function):
        return value if value.module is module and value.number >= 0 and value.owner is None else None
    if isinstance(value, Instance) and isinstance(value.cls, Class) and scheme_of(value) is None:
        called = value.cls.namespace.get("__call__")
        return called if isinstance(called, Function) else None
    return None


def _is_of_request(program: Program, parameter: Parameter) -> bool:
    """Whether a parameter asks for what every request has: another dependency, a header, the connection itself."""
    resolver = program.walker.resolver
    annotation = resolver.annotation(parameter)
    marks = [parameter.default, *(annotation.metadata if isinstance(annotation, Annotated) else ())]
    if any(isinstance(mark, External) and mark.name.endswith(_SENT) for mark in marks):
        return False
    found = resolver.dependency_of(parameter)
    if found is not None:
        return not any(
            isinstance(item, External) and item.name.endswith(("RequestForm", "RequestFormStrict"))
            for item in options(found[1])
        )
    base = bare_type(annotation)
    connection = isinstance(base, External) and base.name.startswith(("starlette.", "fastapi.security."))
    return connection or parameter.default is not None or isinstance(annotation, Annotated)


def _functions_below(program: Program, function: Function) -> Iterator[Function]:
    for node in program.walker.resolver.of_callable(function):
        for inner in node.walk():
            if inner.function is not None:
                yield inner.function
