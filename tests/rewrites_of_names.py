"""What a file imports, under names of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rewrites import Rewrite, each_file
from wiring import taken


@each_file
def imports_renamed(tree: ast.Module) -> bool:
    """`from fastapi import Depends` and `Depends` as `from fastapi import Depends as OurDepends`, modules likewise."""
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    quoted = {word for text in _strings(tree) for word in re.findall(r"\w+", text)}
    names: dict[str, str] = {}
    for alias in _imported(tree):
        name = alias.asname or alias.name
        if name not in taken(tree) | defined | quoted | {"*"} and "." not in name:
            alias.asname = names[name] = f"Our{name}" if name[:1].isupper() else f"our_{name.strip('_')}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return bool(names)


def _imported(tree: ast.Module) -> Iterator[ast.alias]:
    for statement in tree.body:
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if isinstance(statement, ast.Import | ast.ImportFrom) and not future:
            yield from statement.names


def _strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


REWRITES: tuple[Rewrite, ...] = (imports_renamed,)
