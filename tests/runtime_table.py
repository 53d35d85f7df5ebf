"""The route tables of applications as FastAPI builds them: imported, started and walked, in a process of its own.

Run as `runtime_table.py FILE`: the JSON file lists `[folder, entry]`, standard output gets a list of tables.
A row is `[path, methods, kind, endpoint, dependencies]`; an entry is `module:name` or `module:function()`.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinFunctionType, FunctionType
from typing import Any

from fastapi import routing
from starlette.routing import Host, Mount, Route, WebSocketRoute

Row = tuple[str, list[str], str, str, list[str]]


def dotted(named: Any) -> str:
    return f"{named.__module__}.{named.__qualname__}"


def name(target: Any) -> str:
    """The name of a callable, the way the route table spells it."""
    if isinstance(target, functools.partial):
        return f"partial({name(target.func)})"
    if inspect.ismethod(target):
        owner = target.__self__ if inspect.isclass(target.__self__) else type(target.__self__)
        return f"{dotted(owner)}.{target.__name__}"
    if inspect.isclass(target) or isinstance(target, FunctionType | BuiltinFunctionType):
        return dotted(target)
    return f"{dotted(type(target))}()"


def flattened(dependant: Any) -> Iterator[str]:
    """The callables that FastAPI runs before a handler."""
    for inner in dependant.dependencies:
        yield name(inner.call)
        yield from flattened(inner)


def rows(app: Any, prefix: str = "") -> Iterator[Row]:
    """The routes of an application or router and of what is mounted in it."""
    for context in routing.iter_route_contexts(list(app.routes)):
        route, original = context._effective_route, context.original_route
        path = prefix + getattr(route, "path", "")
        if isinstance(original, Mount | Host):
            inner = original.app
            kind = "static" if type(inner).__name__ == "StaticFiles" else "mount"
            yield path, [], kind, dotted(type(inner)), []
            if hasattr(inner, "routes"):
                yield from rows(inner, path)
            continue
        assert isinstance(original, Route | WebSocketRoute), original
        dependant = getattr(route, "dependant", None)
        endpoint = name(route.endpoint)
        kind = "websocket" if isinstance(original, WebSocketRoute) else "raw" if dependant is None else "http"
        if endpoint.startswith("fastapi.applications."):
            kind, endpoint = "docs", "docs"
        needed = sorted(set(flattened(dependant))) if dependant is not None else []
        yield path, sorted(getattr(route, "methods", None) or []), kind, endpoint, needed


async def started(app: Any) -> None:
    """Run what an application does at start."""
    async with app.router.lifespan_context(app):
        pass


def table(folder: str, entry: str) -> list[Row]:
    """Import a project and give its table; its modules are forgotten afterwards."""
    sys.path.insert(0, folder)
    try:
        module, _, attribute = entry.partition(":")
        app = getattr(importlib.import_module(module), attribute.removesuffix("()"))
        if attribute.endswith("()"):
            app = app()
        asyncio.run(started(app))
        return sorted(rows(app))
    finally:
        sys.path.remove(folder)
        for known, loaded in list(sys.modules.items()):
            if any(Path(folder) in Path(part).parents for part in _files(loaded)):
                del sys.modules[known]


def _files(module: Any) -> list[str]:
    file = getattr(module, "__file__", None)
    return [file] if file else [f"{part}/_" for part in getattr(module, "__path__", [])]


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    print(json.dumps([table(*item) for item in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))]))
