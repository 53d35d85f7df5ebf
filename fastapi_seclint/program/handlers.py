"""The functions that routes are registered with: what is behind decorators that are applied by hand."""

from __future__ import annotations

from fastapi_seclint.program.values import External, Function, Value


def written(endpoint: Value) -> Value:
    """The project's function behind a library's decorators that are called instead of written above it.

    `requires("admin")(view)` and `login_required(view)` are served as `view` is below `@requires("admin")`; what is
    applied counts among its decorators, outermost last as where they are written above it.
    """
    applied: list[External] = []
    value = endpoint
    while isinstance(value, External) and value.parent is not None and (inner := _only_argument(value)) is not None:
        applied.append(value.parent)
        value = inner
    if not applied or not isinstance(value, Function):
        return endpoint
    value.decorators += [item for item in reversed(applied) if not any(item is other for other in value.decorators)]
    return value


def _only_argument(made: External) -> Value | None:
    given = made.arguments
    if given is None or given.open or given.keywords or len(given.positional) != 1:
        return None
    return given.positional[0] if isinstance(given.positional[0], External | Function) else None


def same(one: Value, other: Value) -> bool:
    """Whether two endpoints are one function in one scope."""
    if isinstance(one, Function) and isinstance(other, Function):
        return one.module is other.module and one.number == other.number and one.scope is other.scope
    return one is other
