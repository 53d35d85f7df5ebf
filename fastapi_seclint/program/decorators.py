"""What decorates the handler of a route."""

from __future__ import annotations

from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Bound, External, Function, Partial, Place, RouteDecorator, Value, options


def wrapping_decorators(route: Route) -> list[tuple[Value, Place]]:
    """What decorates the handler, except the route's own decorators."""
    found: list[tuple[Value, Place]] = []
    value = route.endpoint
    while isinstance(value, Bound | Partial):
        value = value.function
    seen: set[int] = set()
    below = route.registration.decorated if route.registration is not None else None
    while isinstance(value, Function) and id(value) not in seen:
        seen.add(id(value))
        wrapping = value.decorators if below is None else value.decorators[:below]
        found += [(decorator, value.place) for decorator in wrapping if not _is_plain(decorator)]
        below = None
        value = next(options(value.wraps), None)
    return found


def _is_plain(decorator: Value) -> bool:
    """Decorators that change nothing about who gets in: `functools.wraps`, the decorators of routes."""
    if isinstance(decorator, External):
        return decorator.name.startswith(("functools.", "contextlib.", "typing."))
    return any(isinstance(option, RouteDecorator) for option in options(decorator))
