"""The dependency that fastapi-pagination makes of a page or its parameters, and the routes that it gives it to
(fastapi_pagination/api.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program import subscripts
from fastapi_seclint.program.routers import Include, Registration, Router, native
from fastapi_seclint.program.values import (
    NONE,
    Arguments,
    Bound,
    Class,
    Dependency,
    External,
    Function,
    Generic,
    Place,
    Value,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

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


def add_pagination(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value | None:
    """What `add_pagination(app)` does to the routes that an application or router has by now; None for other calls.

    Those that answer with a page get the dependency for it (`_update_route`).
    """
    if function.name not in _ADDING or not interpreter.recording:
        return None
    parent = next(native(arguments.get("parent", 0)), None)
    if parent is None or parent.native is None:
        return None
    for entry in _registrations(parent.native, 0):
        page = _answered(interpreter, entry)
        if page is not None and not any(_is_context(item) for item in entry.inherited):
            made = External(_CONTEXT[0], Arguments([page]), None, place)
            entry.inherited = (*entry.inherited, Dependency(made, None, Arguments([made]), place))
    return parent


_ADDING = ("fastapi_pagination.add_pagination", "fastapi_pagination.api.add_pagination")
_DEEP = 8


def _registrations(router: Router, depth: int) -> Iterator[Registration]:
    for entry in router.entries:
        if isinstance(entry, Registration) and entry.kind == "http":
            yield entry
        elif isinstance(entry, Include) and depth < _DEEP:
            for instance in native(entry.router):
                if instance.native is not None:
                    yield from _registrations(instance.native, depth + 1)


def _answered(interpreter: Interpreter, entry: Registration) -> Value | None:
    """The class of page that a route answers with: its `response_model`, or what its handler says it returns."""
    said = entry.arguments.get("response_model")
    endpoint = next(options(entry.endpoint), None)
    handler = endpoint.function if isinstance(endpoint, Bound) else endpoint
    if said is None and isinstance(handler, Function) and handler.innermost.returns is not None:
        with interpreter.asking():
            said = subscripts.annotation(interpreter, handler.innermost.returns, handler.innermost.scope)
    return next((option for option in options(said) if _is_page(option)), None)


def _is_page(value: Value, depth: int = 0) -> bool:
    """Whether a class is one of the library's pages, or inherits from one: `class Rows(Page[T], Generic[T])`."""
    if isinstance(value, Class):
        bases = (option for base in value.bases for option in options(base))
        return depth < _DEEP and any(_is_page(base, depth + 1) for base in bases)
    name = value.name if isinstance(value, External) else value.origin if isinstance(value, Generic) else ""
    return name.startswith("fastapi_pagination.") and name.endswith("Page")


def _is_context(value: Value) -> bool:
    return isinstance(value, Dependency) and value.call is not None and context(value.call) is not None
