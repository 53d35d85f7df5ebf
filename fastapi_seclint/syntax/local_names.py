"""The name by which a file knows, or can know, something that a change has to import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from fastapi_seclint.syntax import parse

Import = ast.Import | ast.ImportFrom


def local_name(source: str, module: str, name: str | None) -> str:
    """The name that an import of `module` (or of `name` from it) has or can have in a file.

    The file's own alias where it has the import, the plain name where it is free, else a new one. Raises Unreadable.
    """
    tree = _tree_of(source)
    plain = name or module
    given = [alias for node in _imports(tree) if _module(node) == (module if name else None) for alias in node.names]
    for alias in given:
        if alias.name == plain:
            return alias.asname or plain
    taken = _bound(tree)
    if plain.split(".")[0] not in taken:
        return plain
    stem = f"{module.split('.')[-1]}_{name}".lstrip("_") if name else f"{module.replace('.', '_')}_module"
    return next(free for free in (stem, *(f"{stem}_{number}" for number in range(2, 1000))) if free not in taken)


@lru_cache(maxsize=4)
def _tree_of(source: str) -> ast.Module:
    return parse(source)[0]


def _imports(tree: ast.Module) -> Iterator[Import]:
    """The imports at the file's top level that have run before the first definition does."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        if isinstance(statement, Import):
            yield statement


def _module(node: Import) -> str | None:
    """`a.b` or `..a` of a from-import, None for a plain import."""
    return None if isinstance(node, ast.Import) else "." * node.level + (node.module or "")


def _bound(tree: ast.Module) -> set[str]:
    """Every name that something in the file binds: assignments, definitions, parameters, imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.arg(arg=name):
                names.add(name)
            case ast.alias(name=name, asname=alias):
                names.add((alias or name).split(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
            case ast.MatchMapping(rest=str(name)):
                names.add(name)
    return names
