"""Settings in objects, constants in a module of their own."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from rewrites import Files, Rewrite, parsed
from rewrites_of_layout import bound_by, is_import, needed
from rewrites_of_services import single
from wiring import imported, names_in, text, value


class _Reads(ast.NodeTransformer):
    """Puts fields of settings in the place of what is read from the environment."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.fields: dict[str, str] = {}

    def visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.Call | ast.Subscript):
            return self.generic_visit(node)
        match ast.unparse(node.func if isinstance(node, ast.Call) else node.value), node:
            case ["os.environ", ast.Subscript(slice=ast.Constant(str(name)))]:
                return self._field(name, "str")
            case ["os.getenv" | "os.environ.get", ast.Call(args=[ast.Constant(str(name)), *default], keywords=[])]:
                if all(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in default):
                    return self._field(name, f"str = {text(default[0])}" if default else "str | None = None")
        return self.generic_visit(node)

    def _field(self, name: str, written: str) -> ast.expr:
        known = self.fields.setdefault(name.lower(), written)
        self.fields["!"] = "" if known != written else self.fields.get("!", "one")
        return value(f"{self.holder}.{name.lower()}")


def _with_settings(files: Mapping[str, str], holder: str) -> Files | None:
    reads, written = _Reads(holder), dict(files)
    if "settings.py" in files or any("settings" in content.lower() for content in files.values()):
        return None
    for path in files:
        tree = parsed(files[path]) if path.endswith(".py") else None
        before = len(reads.fields)
        if tree is not None and reads.visit(tree) and (len(reads.fields) > before or f"{holder}." in text(tree)):
            imported(tree, f"from settings import {holder.partition('(')[0]}")
            written[path] = text(tree) + "\n"
    if reads.fields.pop("!", "") != "one":
        return None
    fields = "".join(f"    {name}: {kind}\n" for name, kind in reads.fields.items())
    return {**written, "settings.py": f"{_SETTINGS}{fields}{_GIVEN}"}


_SETTINGS = """\
from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
"""
_GIVEN = """

@lru_cache
def get_settings() -> Settings:
    return Settings()


settings = get_settings()
"""


def settings_as_object(files: Mapping[str, str]) -> Files | None:
    """`os.environ["KEY"]` as `settings.key` of pydantic-settings."""
    return _with_settings(files, "settings")


def settings_by_call(files: Mapping[str, str]) -> Files | None:
    """`os.environ["KEY"]` as `get_settings().key`, which `lru_cache` keeps."""
    return _with_settings(files, "get_settings()")


class _Constants(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return value(f"config.{node.id}") if node.id in self.names and isinstance(node.ctx, ast.Load) else node


def constants_in_a_module(files: Mapping[str, str]) -> Files | None:
    """Constants of the module as `config.NAME` of another one."""
    tree = single(files)
    if tree is None or "config" in names_in(tree):
        return None
    imports = {name for item in tree.body if is_import(item) for name in bound_by(item)}
    made = [item for item in tree.body if isinstance(item, ast.Assign) and _is_constant(item, imports)]
    names = {name for item in made for name in bound_by(item)}
    stored = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(getattr(node, "ctx", None), ast.Store)
    ]
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    if not made or names & arguments or any(stored.count(name) != 1 for name in names):
        return None
    head = needed([item for item in tree.body if is_import(item)], names_in(*made))
    tree.body = [item for item in tree.body if item not in made]
    _Constants(names).visit(tree)
    imported(tree, "import config")
    return {**files, "main.py": text(tree) + "\n", "config.py": text(ast.Module([*head, *made], [])) + "\n"}


def _is_constant(statement: ast.Assign, imports: set[str]) -> bool:
    calls = {text(node.func) for node in ast.walk(statement.value) if isinstance(node, ast.Call)}
    plain = calls <= {"os.getenv", "os.environ.get", "int", "timedelta"} and names_in(statement.value) <= {
        *imports,
        "int",
    }
    return plain and text(statement.targets[0]).isupper()


REWRITES: tuple[Rewrite, ...] = (settings_as_object, settings_by_call, constants_in_a_module)
