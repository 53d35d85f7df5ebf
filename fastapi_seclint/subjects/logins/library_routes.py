"""Routers with login routes that a library brings: fastapi-users has login, registration and reset, none limited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.routers import native
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Instance, Place, Value, options
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.limits.limiters import dependencies_limit, layer_limits
from fastapi_seclint.subjects.logins.purposes import Purpose

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MAKERS: dict[str, Purpose] = {
    "get_auth_router": "login",
    "get_register_router": "registration",
    "get_reset_password_router": "password reset",
}
"""Methods of `fastapi_users.FastAPIUsers` (fastapi_users/fastapi_users.py)."""


@dataclass(frozen=True, slots=True)
class LibraryRouter:
    """An `include_router` of a router that a library makes."""

    location: Location
    symbol: str
    library: str
    purpose: Purpose
    limited: bool
    place: Place


def is_librarys_login(route: Route) -> bool:
    """Whether a route is the login that fastapi-users made (fastapi_users/router/auth.py)."""
    endpoint = route.endpoint
    return isinstance(endpoint, External) and endpoint.name.endswith("get_auth_router.<locals>.login")


def library_routers(program: Program) -> Iterator[LibraryRouter]:
    """Every include of a library's login, registration or reset routes."""
    if program.config is not None and program.config.rate_limit.proxy:
        return
    for block in program.sites.blocks(frozenset({"include_router"})):
        if program.is_test(block.module):
            continue
        for form in block.forms.every:
            if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "include_router":
                purpose = _purpose(program, block, form)
                if purpose is not None:
                    place = Location(block.module.path, span_of(form[1]))
                    limited = _limited(program, block, form)
                    at = Place(block.module, form[1])
                    yield LibraryRouter(place, block.symbol, "fastapi-users", purpose, limited, at)


def _purpose(program: Program, block: Block, form: Form) -> Purpose | None:
    router = form[3][0] if form[3] else next((value for key, value, _ in form[4] if key == "router"), None)
    for value in options(ask(program, block, router)) if router is not None else ():
        option = value.cls if isinstance(value, Instance) else value
        if isinstance(option, External) and "fastapi_users" in option.name and option.called:
            return _MAKERS.get(option.name.removesuffix("()").rpartition(".")[2])
    return None


def _limited(program: Program, block: Block, form: Form) -> bool:
    given = next((value for key, value, _ in form[4] if key == "dependencies"), None)
    if any(key is None for key, _, _ in form[4]):
        return True
    if given is not None and dependencies_limit(program, ask(program, block, given), Place(block.module, form[1])):
        return True
    return any(_router_limits(program, value) for value in options(ask(program, block, form[2][2])))


def _router_limits(program: Program, value: Value) -> bool:
    """Whether the including router or application limits; a router counts with the applications that it may be in."""
    for instance in native(value):
        router = instance.native
        if router is None:
            continue
        routers = [router] if router.kind == "app" else [router, *program.apps]
        if any(layer_limits(program, layer) for item in routers for layer in item.layers):
            return True
        if dependencies_limit(program, router.dependencies, router.place):
            return True
    return False
