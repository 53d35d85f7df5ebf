"""Limits that are written down and limit nothing: above the route, without their middleware, never called, off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.routers import Include, Layer, Router, native
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Const, External, Function, Unknown, options
from fastapi_seclint.program.versions import Versions
from fastapi_seclint.subjects.code.definitions import decorators_of
from fastapi_seclint.subjects.limits.defaults import SLOWAPI, SLOWAPI_LAYERS, is_empty
from fastapi_seclint.subjects.limits.limiters import names_limit, names_limiting_decorator

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.dependencies import Node

_UNCALLED = (
    "fastapi_limiter.depends.RateLimiter",
    "fastapi_limiter.depends.WebSocketRateLimiter",
)
_MADE = frozenset({f"{name}().{method}()" for name in SLOWAPI for method in ("limit", "shared_limit")})
_LAZY_INCLUDES = (0, 137)
"""Since this release of FastAPI slowapi's middleware does not see the limits of included routes (semantics 4)."""


@dataclass(frozen=True, slots=True)
class DefaultLimits:
    """A slowapi limiter whose limits for all routes reach some of them only: the call, the argument, what is wrong.

    `trouble` is `off` (`enabled=False`), `no middleware` or `includes`.
    """

    call: Call
    argument: Argument
    trouble: str


def meant_to_be_limited(program: Program, route: Route) -> bool:
    """Whether a limit is written down for a route and has no effect: that is the mistake to mend, and reported."""
    if decorators_above(route) or any(is_uncalled(node) for node in route.nodes()):
        return True
    return any(limits.trouble != "includes" or route.includes for limits in inert_default_limits(program))


def decorators_above(route: Route) -> list[Form]:
    """The limiting decorators above the route's own: FastAPI has taken the bare function by then (p36)."""
    handler = route.function
    if handler is None or route.registration is None:
        return []
    forms = decorators_of(handler)
    own = [number for number, form in enumerate(forms) if form[1] == route.registration.place.at]
    if not own:
        return []
    return [form for form in forms[: own[0]] if _limits(handler, form)]


def _limits(handler: Function, form: Form) -> bool:
    """Whether a decorator limits by what it is called, `limiter.limit("5/minute")`, a constant for it included."""
    if form[0] == "name":
        known = handler.module.scope.local(form[2])
        if any(isinstance(option, External) and option.name in _MADE for option in options(known)):
            return True
        made = _made_at_top(handler, form[2])
        if made is not None and _limits(handler, made):
            return True
    called = form
    while called[0] == "call":
        called = called[2]
    if called[0] == "attr" and called[3] in ("limit", "shared_limit"):
        return form[0] == "call" and called[2][0] in ("name", "attr") and "limiter" in str(called[2][-1]).lower()
    return called[0] in ("name", "attr") and (names_limit(str(called[-1])) or names_limiting_decorator(str(called[-1])))


def _made_at_top(handler: Function, name: str) -> Form | None:
    """The call whose result a name of the handler's module stands for: `strict = limiter.limit("3/minute")`."""
    for form in handler.module.facts.forms(MODULE).of("assign"):
        targets, value = form[2], form[3]
        if value[0] == "call" and any(target[0] == "name" and target[2] == name for target in targets):
            return list(value)
    return None


def is_uncalled(node: Node) -> bool:
    """Whether a dependency is the class of a limiter where an object of it is meant: `Depends(RateLimiter)`."""
    return isinstance(node.call, External) and not node.call.called and node.call.name in _UNCALLED


@answered_once
def inert_default_limits(program: Program) -> list[DefaultLimits]:
    """The slowapi limiters whose limits for all routes do not reach them (p37)."""
    return list(_find(program))


def _find(program: Program) -> Iterator[DefaultLimits]:
    for call in program.sites.calls(*SLOWAPI):
        if program.is_test(call.block.module):
            continue
        enabled = call.argument("enabled")
        if enabled is not None and enabled.form[0] == "const" and enabled.form[2] is False:
            yield DefaultLimits(call, enabled, "off")
            continue
        argument = call.argument("default_limits", 1)
        if argument is None or is_empty(call.value(argument)):
            continue
        apps = [app for app in program.apps if app.kind == "app"]
        if not apps or any(_unknown(layer) for app in apps for layer in app.layers):
            continue
        if not any(_is_slowapi(layer) for router in program.interpreter.routers for layer in router.layers):
            yield DefaultLimits(call, argument, "no middleware")
        elif _includes(apps) and Versions.find(program.root).surely_at_least("fastapi", _LAZY_INCLUDES):
            yield DefaultLimits(call, argument, "includes")


def _unknown(layer: Layer) -> bool:
    return any(isinstance(option, Unknown | Const) for option in options(layer.what))


def _is_slowapi(layer: Layer) -> bool:
    for option in options(layer.what):
        name = dotted_name(option) or ""
        if name in SLOWAPI_LAYERS or names_limit(name.rpartition(".")[2]):
            return True
        bases = getattr(option, "external_bases", None)
        if bases is not None and set(bases()) & set(SLOWAPI_LAYERS):
            return True
    return False


def _includes(apps: list[Router]) -> bool:
    return any(isinstance(entry, Include) and any(native(entry.router)) for app in apps for entry in app.entries)
