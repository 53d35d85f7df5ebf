"""Dependencies that a library makes and that ask for rights: `Permission("edit", acl)` of fastapi-permissions."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Value, iterate, options
from fastapi_seclint.subjects.rights.words import names_right


def asks_of_library(route: Route) -> bool:
    """Whether a dependency or parameter of a route is what a library's function for rights made, which is believed."""
    return any(
        isinstance(option, External) and option.name.endswith("()") and names_right(_made_by(option.name))
        for value in _given(route)
        for option in options(value)
        if not (isinstance(option, External) and option.name.startswith("fastapi."))
    )


def _made_by(name: str) -> str:
    return name.rstrip("()").rpartition(".")[2]


def _given(route: Route) -> Iterator[Value]:
    registered = route.registration.dependencies if route.registration is not None else None
    for given in (registered, route.router.dependencies):
        yield from (iterate(given) if given is not None else None) or []
    for parameter in parameters(route.endpoint) if route.endpoint is not None else ():
        if parameter.default is not None:
            yield parameter.default
