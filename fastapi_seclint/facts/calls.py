"""One way of writing a call where people have several, so that rules need to know only one.

`f(**{"key": value})` is `f(key=value)`, what is read from the environment and what is signed are given by position,
and what runs in a thread, or was given some of its arguments just before, is called where it is handed over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import takewhile

RUNNERS = {"to_thread": 0, "run_in_threadpool": 0, "run_sync": 0, "run_in_executor": 1}
"""What runs a function in a thread, with the position of that (asyncio, starlette.concurrency, anyio.to_thread)."""

_GIVEN = {"getenv": (("key", "default"),), "encode": (("payload",), ("claims",))}
"""The parameters that come first, by the last name of what is called (os, PyJWT, python-jose)."""


def run(node: ast.Call, name: str) -> ast.expr | None:
    """The call that a thread makes: `run_in_threadpool(check, password)` is `check(password)`, wherever it runs."""
    position, passed = RUNNERS[name], node.keywords if name != "run_sync" else []
    if len(node.args) <= position:
        return None
    first, rest = node.args[position], node.args[position + 1 :]
    match first:
        case ast.Lambda(ast.arguments([], [], None, []), body) if not rest and not passed:
            return body
        case ast.Call(ast.Name("partial") | ast.Attribute(ast.Name("functools"), "partial"), [function, *given], bound):
            made = ast.Call(function, [*given, *rest], [*bound, *passed])
        case ast.Name() | ast.Attribute():
            made = ast.Call(first, rest, passed)
        case _:
            return None
    return ast.copy_location(made, node)


WRAPPERS = frozenset({"sync_to_async", "async_to_sync", "asyncify", "syncify"})
"""What gives a function that calls another one elsewhere (asgiref.sync, asyncer)."""


def elsewhere(node: ast.Call) -> ast.expr | None:
    """The call that such a function makes: `sync_to_async(check)(password)` is `check(password)`.

    So does one that got some of its arguments before: `partial(check, user)(password)` is `check(user, password)`.
    """
    match node.func:
        case ast.Call(ast.Name(name) | ast.Attribute(_, name), [ast.Name() | ast.Attribute() as wrapped]) if (
            name in WRAPPERS
        ):
            return ast.copy_location(ast.Call(wrapped, node.args, node.keywords), node)
        case ast.Call(ast.Name("partial") | ast.Attribute(ast.Name("functools"), "partial"), [function, *given], bound):
            later = {item.arg for item in node.keywords} - {None}
            keywords = [*(item for item in bound if item.arg not in later), *node.keywords]
            return ast.copy_location(ast.Call(function, [*given, *node.args], keywords), node)
    return None


def plain(node: ast.Call, name: str) -> ast.Call:
    """A call with keywords in the plain way; `name` is the last name of what is called."""
    arguments, keywords = node.args, node.keywords
    if any(item.arg is None and isinstance(item.value, ast.Dict) for item in keywords):
        keywords = [*_spread(keywords)]
    named = {item.arg: item for item in keywords} if name in _GIVEN else {}
    for parameters in _GIVEN[name] if named and (name != "encode" or "key" in named) else ():
        first = [*takewhile(named.__contains__, parameters[len(arguments) :])]
        arguments = [*arguments, *(named[parameter].value for parameter in first)]
        keywords = [item for item in keywords if item.arg not in first]
    if keywords is node.keywords:
        return node
    return ast.copy_location(ast.Call(node.func, arguments, keywords), node)


def _spread(keywords: list[ast.keyword]) -> Iterator[ast.keyword]:
    """The keywords that a call is given, those of a display after `**` included."""
    for item in keywords:
        match item:
            case ast.keyword(None, ast.Dict(keys, values)) if all(_names(key) for key in keys):
                for key, value in zip(keys, values, strict=True):
                    assert isinstance(key, ast.Constant)
                    made = ast.copy_location(ast.keyword(str(key.value), value), key)
                    made.end_lineno, made.end_col_offset = value.end_lineno, value.end_col_offset
                    yield made
            case _:
                yield item


def _names(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isidentifier()
