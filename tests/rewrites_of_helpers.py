"""Functions that a file calls itself, told of by a decorator that only passes calls on."""

from __future__ import annotations

import ast

from rewrites import Definition, Rewrite, each_file

_TRACED = """
def traced(function):
    @wraps(function)
    def timed(*args, **kwargs):
        started = perf_counter()
        result = function(*args, **kwargs)
        getLogger("traces").debug("%s took %.3f s", function.__name__, perf_counter() - started)
        return result

    return timed


def traced_later(function):
    @wraps(function)
    async def timed(*args, **kwargs):
        started = perf_counter()
        try:
            return await function(*args, **kwargs)
        finally:
            getLogger("traces").debug("%s took %.3f s", function.__name__, perf_counter() - started)

    return timed
"""
_IMPORTS = "from functools import wraps\nfrom logging import getLogger\nfrom time import perf_counter\n"


@each_file
def helpers_traced(tree: ast.Module) -> bool:
    """`def helper(...)` as `@traced def helper(...)`, and `@traced_later` for one that waits."""
    helpers = [item for item in tree.body if isinstance(item, Definition) and _is_called(tree, item)]
    for helper in helpers:
        decorator = "traced_later" if isinstance(helper, ast.AsyncFunctionDef) else "traced"
        helper.decorator_list = [ast.Name(decorator, ast.Load())]
    if helpers:
        places = [number for number, item in enumerate(tree.body) if isinstance(item, Definition | ast.ClassDef)]
        tree.body[places[0] : places[0]] = ast.parse(_TRACED).body
        first = next(number for number, item in enumerate(tree.body) if not _comes_first(item))
        tree.body[first:first] = ast.parse(_IMPORTS).body
    return bool(helpers)


def _comes_first(statement: ast.stmt) -> bool:
    """A docstring, or an import that changes the language."""
    future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    return future or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))


def _is_called(tree: ast.Module, function: Definition) -> bool:
    """Whether a file calls a function and does nothing else with it; it is none that yields."""
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    spoken = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == function.name]
    return bool(spoken) and not function.decorator_list and not yields and all(id(node) in called for node in spoken)


REWRITES: tuple[Rewrite, ...] = (helpers_traced,)
"""As `rewrites.REWRITES`."""
