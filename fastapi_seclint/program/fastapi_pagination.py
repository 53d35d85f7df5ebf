"""The dependency that fastapi-pagination makes of a page or its parameters (fastapi_pagination/api.py)."""

from __future__ import annotations

from fastapi_seclint.program.values import NONE, Arguments, Dependency, External, Value

_CONTEXT = ("fastapi_pagination.pagination_ctx()", "fastapi_pagination.api.pagination_ctx()")
_API = "fastapi_pagination.api"


def context(value: Value) -> tuple[str, list[Dependency]] | None:
    """The run-time name and the sub-dependency of `pagination_ctx(Page)`, or None for anything else."""
    if not isinstance(value, External) or value.name not in _CONTEXT or value.arguments is None:
        return None
    told = (value.arguments.get(name, number) for number, name in enumerate(("page", "params")))
    known = any(item is not None and item is not NONE for item in told)
    name = "_create_params_dependency.<locals>._pagination_params" if known else "_noop_dep"
    params = External(f"{_API}.{name}", None, None, value.place)
    below = Dependency(params, None, Arguments(), value.place)
    return f"{_API}.pagination_ctx.<locals>._page_ctx_dependency", [below]
