"""Fixes that decorate a handler with what guards others of its file: `@members_only`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddDecorator, Edit
from fastapi_seclint.facts.forms import ASYNC, line_of, span_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.guards.authentication import refusing_decorators

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def decorated_like_others(program: Program, routes: Iterable[Route]) -> Fix | None:
    """The decorator that refuses strangers around other handlers of the same file, on handlers that can have it.

    A handler needs the parameters that all those have, which the decorator may read.
    """
    edits: list[Edit] = []
    names: set[str] = set()
    for handler in {id(route.function): route.function for route in routes}.values():
        name = next(_fitting(program, handler), "") if handler is not None else ""
        if handler is None or not name:
            return None
        names.add(name)
        edits.append(AddDecorator(handler.module.path, span_of(handler.at), name, "below-route"))
    return Fix(f"decorate it with {', '.join(sorted(names))}", False, tuple(edits)) if edits else None


def _fitting(program: Program, handler: Function) -> Iterator[str]:
    """The names of the decorators of a file that guard handlers like this one."""
    guarded: dict[str, list[Function]] = {}
    for other in program.routes:
        function = other.function
        if function is None or function.module is not handler.module or function is handler:
            continue
        refusing = refusing_decorators(program, other)
        if len(refusing) == 1 and program.guarding(other).protection == "protected":
            guarded.setdefault(refusing[0].name, []).append(function)
    for name, functions in guarded.items():
        if (known := handler.module.scope.local(name)) is None:
            continue  # made by another function, `@required(True)`
        own = [option for option in options(known) if isinstance(option, Function) and option.module is handler.module]
        needed = set.intersection(*({item[0] for item in one.parameters} for one in functions))
        alike = all(one.flags & ASYNC == handler.flags & ASYNC for one in functions)
        alike = alike and needed <= {item[0] for item in handler.parameters} and handler.owner is None
        if alike and all(line_of(option.at) < line_of(handler.at) for option in own):
            yield name
