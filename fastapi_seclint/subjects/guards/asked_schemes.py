"""Schemes that a dependency asks itself, where FastAPI does not see them: `await bearer(request)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.attributes import get_attribute
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function, Instance, Place, Unknown, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards.bearer_schemes import Scheme, scheme_kind

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 2


def asked_scheme(program: Program, function: Function, dependency: Value, depth: int = _DEPTH) -> Scheme | None:
    """The bearer or Basic scheme that a function calls with its request, kept on `self` or at the top of a module.

    `dependency` is what FastAPI calls, an object where the function is its `__call__` (`fastapi.security.base`).
    """
    requests = {item[0] for item in function.parameters if item[2] is not None and last_name(item[2]) == "Request"}
    block = body_of(program, function) if requests and depth else None
    for form in block.forms.of("call") if block is not None else ():
        given = form[3][0] if form[3] else None
        if block is None or given is None or given[0] != "name" or given[2] not in requests:
            continue
        for option in options(_called(program, block, form[2], dependency)):
            kind = scheme_kind(option)
            inner = running(option) if kind is None and isinstance(option, Instance) else None
            kind = kind or (asked_scheme(program, inner, option, depth - 1) if inner is not None else None)
            if kind is not None:
                return kind
    return None


def _called(program: Program, block: Block, form: Form, dependency: Value) -> Value:
    match form:
        case ["attr", at, ["name", _, "self"], name] if isinstance(dependency, Instance):
            with program.interpreter.asking():
                return get_attribute(program.interpreter, dependency, name, Place(block.module, at))
        case ["name" | "attr", *_]:
            return ask(program, block, form)
    return Unknown("neither a name nor an attribute")
