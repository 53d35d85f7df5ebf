"""Which entries of the configuration name nothing in the project: public routes, guards, middleware, limiters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.values import options

if TYPE_CHECKING:
    from fastapi_seclint.config import Config
    from fastapi_seclint.program.program import Program


def unmatched(program: Program, config: Config) -> Iterator[str]:
    """The keys, as `Config.origins` has them, of entries that match no route, dependency, decorator or middleware."""
    for number, entry in enumerate(config.public_routes):
        declared = Declared(public=(entry,))
        if not any(declared.public(route.path, route.methods) for route in program.routes):
            yield f"public-routes[{number}]"
    lists = {
        "auth.dependencies": config.auth.dependencies,
        "auth.optional-dependencies": config.auth.optional_dependencies,
        "auth.admin-dependencies": config.auth.admin_dependencies,
        "auth.factories": config.auth.factories,
        "rate-limit.decorators": config.rate_limit.decorators,
        "rate-limit.dependencies": config.rate_limit.dependencies,
    }
    used = _guards(program) if any(lists.values()) else frozenset()
    for key, patterns in lists.items():
        for pattern in patterns:
            declared = Declared(factories=(pattern,)) if key == "auth.factories" else Declared(dependencies=(pattern,))
            if not any(declared.authenticates(name) for name in used):
                yield f"{key}[{pattern}]"
    for pattern in config.auth.middleware:
        if not any(Declared(middleware=(pattern,)).guards_application(name) for name in _middleware(program)):
            yield f"auth.middleware[{pattern}]"


def _guards(program: Program) -> frozenset[str]:
    """The names of all dependencies and decorators of routes."""
    found: set[str] = set()
    for route in program.routes:
        found.update(node.name for node in route.nodes())
        found.update(name for value, _ in wrapping_decorators(route) if (name := dotted_name(value)))
    return frozenset(found)


def _middleware(program: Program) -> frozenset[str]:
    layers = [layer for router in program.interpreter.routers for layer in router.layers]
    return frozenset(name for layer in layers for value in options(layer.what) if (name := dotted_name(value)))
