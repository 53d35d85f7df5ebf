"""The limits that a slowapi limiter puts on every route of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.routers import Layer
from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.values import Collection, Const, Value, options
from fastapi_seclint.subjects.limits.rates import lets_guess

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

SLOWAPI = ("slowapi.Limiter", "slowapi.extension.Limiter")
SLOWAPI_LAYERS = ("slowapi.middleware.SlowAPIMiddleware", "slowapi.middleware.SlowAPIASGIMiddleware")


def is_slowapi(layer: Layer) -> bool:
    """Whether a middleware is slowapi's."""
    return any(dotted_name(option) in SLOWAPI_LAYERS for option in options(layer.what))


def default_limits(program: Program) -> bool | None:
    """Whether a slowapi limiter of the project limits every route by itself; None when no limiter is in sight."""
    found: bool | None = None
    for call in program.sites.calls(*SLOWAPI):
        if call.spread or _limits(call):
            return True
        found = False
    return found


def loose_default(program: Program) -> str:
    """The limit for every route of a slowapi limiter that is one for load and lets an attacker guess, or nothing."""
    found = ""
    for call in program.sites.calls(*SLOWAPI):
        told = [lets_guess(value) for value in _limits(call)]
        if call.spread or not all(told):
            return ""
        found = found or next(iter(told), "")
    return found


def _limits(call: Call) -> list[Value]:
    """What a limiter is made with that limits every route."""
    given = [call.argument("default_limits", 1), call.argument("application_limits", 2)]
    values = [call.value(argument) for argument in given if argument is not None]
    return [value for value in values if not is_empty(value)]


def is_empty(value: Value) -> bool:
    """Whether these options of a limiter name no limit at all."""
    return all(
        (isinstance(option, Collection) and not option.items and not option.open)
        or (isinstance(option, Const) and not option.value)
        for option in options(value)
    )
