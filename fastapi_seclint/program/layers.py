"""Middleware as an application is told about it: a class with its arguments, or the function that does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import Layer
from fastapi_seclint.program.values import (
    Arguments,
    Bound,
    External,
    Function,
    Instance,
    Partial,
    Place,
    Value,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_BASE = "starlette.middleware.base.BaseHTTPMiddleware"


def layer(
    interpreter: Interpreter, what: Value, arguments: Arguments, place: Place, *, function: bool = False
) -> Layer:
    """One middleware; `BaseHTTPMiddleware` with `dispatch=` is what `@app.middleware("http")` makes of a function.

    A method, or an object that is called, comes with the object that it belongs to (starlette.middleware.base and
    starlette.applications.Starlette.middleware). What `functools.partial` keeps for a class is an argument, too.
    """
    if isinstance(what, Partial):
        kept = what.arguments
        known = {**kept.keywords, **arguments.keywords}
        arguments = Arguments([*kept.positional, *arguments.positional], known, kept.open or arguments.open)
        what = what.function
    if any(isinstance(option, External) and option.name == _BASE for option in options(what)):
        told = arguments.get("dispatch", 0)
        if told is not None:
            what, arguments, function = told, Arguments(), True
    work, receiver = whose(what) if function else (what, None)
    return Layer(work, arguments, place, function, interpreter.unlikely > 0, interpreter.against > 0, receiver)


def whose(value: Value) -> tuple[Value, Value | None]:
    """The function that runs when something is called and the object whose method it is; the value where neither is."""
    from fastapi_seclint.program.calls import method_of

    for option in options(value):
        if isinstance(option, Bound) and isinstance(option.function, Function):
            return option.function, option.receiver
        if isinstance(option, Instance) and (called := method_of(option, "__call__")) is not None:
            return called, option
    return value, None
