"""Imports: each is added once, sorted, in its block (future, standard library, third party, the project's own)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import takewhile
from typing import Any

import libcst as cst

from fastapi_seclint.edits.brackets import Brackets, close_after
from fastapi_seclint.edits.import_lines import (
    LOCAL,
    New,
    block_of,
    changed_first,
    in_order,
    key_of,
    module_of,
    place_of,
    plain_name,
    spaced,
)
from fastapi_seclint.edits.named import AddImport, Edit
from fastapi_seclint.edits.text import Splice, Text
from fastapi_seclint.edits.tree import Tree
from fastapi_seclint.spans import Span


def add_imports(tree: Tree, edits: Sequence[AddImport], others: Sequence[Edit] = ()) -> Iterator[Splice]:
    """The splices that add what the file does not import yet; several imports of one file are placed together.

    `others` are the other edits of the file: what their code names is imported above it.
    """
    present = [*_imports(tree)]
    wanted = dict.fromkeys(_as_imported(_as_named(edit), present) for edit in edits)
    used = {edit: _first_use(tree, edit, others) for edit in wanted}
    above = {edit: [node for node in present if tree.start(node) < used[edit]] for edit in wanted}
    missing = [edit for edit in wanted if not any(_gives(node, edit) for node in above[edit])]
    merged: dict[cst.ImportFrom, list[AddImport]] = {}
    fresh: dict[str, list[AddImport]] = {}
    for edit in missing:
        host = next((node for node in above[edit] if edit.name and _can_host(node, edit.module)), None)
        if host:
            merged.setdefault(cst.ensure_type(host, cst.ImportFrom), []).append(edit)
        else:
            fresh.setdefault(edit.module if edit.name else f"import {edit.module} {edit.alias}", []).append(edit)
    for node, group in merged.items():
        yield from _merge(tree, node, group)
    yield from _new_lines(tree, [*fresh.values()], used)


def _first_use(tree: Tree, edit: AddImport, others: Sequence[Edit]) -> int:
    """The offset of the first place where other edits write what an import gives; behind the file where none does."""
    given = re.compile(rf"\b{re.escape(edit.alias or edit.name or edit.module.split('.')[0])}\b")
    places = [len(tree.text.code) + 1]
    for other in others:
        if given.search(getattr(other, "code", None) or ""):
            values = [getattr(other, field.name) for field in fields(other)]
            places += [tree.text.extent(value)[0] for value in values if isinstance(value, Span)]
    return min(places)


def _as_named(edit: AddImport) -> AddImport:
    """The same without the folders above a module that no import can name: `shop-api.app.config` is `app.config`."""
    parts = edit.module.split(".")
    unnamed = max((number for number, part in enumerate(parts, 1) if part and not part.isidentifier()), default=0)
    return replace(edit, module=".".join(parts[unnamed:])) if 0 < unnamed < len(parts) else edit


def _as_imported(edit: AddImport, present: Sequence[cst.Import | cst.ImportFrom]) -> AddImport:
    """The same with a relative module where a file imports what is around it in no other way.

    It climbs no higher than the file's own imports do: a folder above may be no package.
    """
    dots = max((len(node.relative) for node in present if isinstance(node, cst.ImportFrom)), default=0)
    folders, wanted = re.split(r"[/\\]", edit.path)[:-1], edit.module.split(".")
    named = (module_of(node) or plain_name(alias) for node in present for alias in _aliases(node))
    tops = {name.split(".")[0] for name in named}
    if not dots or edit.name is None or wanted[0] in tops:
        return edit
    if edit.target:
        own, wanted = folders, re.sub(r"([/\\]__init__)?\.pyi?$", "", edit.target).replace("\\", "/").split("/")
    elif folders.count(wanted[0]) == 1:
        own = folders[folders.index(wanted[0]) :]
    else:
        return edit
    shared = len([*takewhile(lambda pair: pair[0] == pair[1], zip(own, wanted, strict=False))])
    climbed = len(own) - shared + 1
    return edit if climbed > dots else replace(edit, module="." * climbed + ".".join(wanted[shared:]))


def _imports(tree: Tree) -> Iterator[cst.Import | cst.ImportFrom]:
    """The imports at the file's top level that have run before the first definition does."""
    for statement in tree.module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            return
        if isinstance(statement, cst.SimpleStatementLine):
            yield from (small for small in statement.body if isinstance(small, cst.Import | cst.ImportFrom))


def _aliases(node: cst.Import | cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return () if isinstance(node.names, cst.ImportStar) else node.names


def _gives(node: cst.Import | cst.ImportFrom, edit: AddImport) -> bool:
    """Whether an import already binds what an edit wants bound, under the same name."""
    if module_of(node) != (edit.module if edit.name else None) and not _is_behind(module_of(node), edit):
        return False
    wanted = (edit.name or edit.module, edit.alias or (edit.name or edit.module))
    return any((plain_name(alias), alias.evaluated_alias or plain_name(alias)) == wanted for alias in _aliases(node))


def _is_behind(module: str | None, edit: AddImport) -> bool:
    """Whether a module of FastAPI's is where one above it takes its names from: `fastapi.security.api_key`.

    All do (fastapi/__init__.py, fastapi/security/__init__.py), except that those of `fastapi.params` are the classes.
    """
    above = edit.module if edit.name and edit.module.partition(".")[0] == "fastapi" else None
    return above is not None and module is not None and module.startswith(f"{above}.") and module != "fastapi.params"


def _can_host(node: cst.Import | cst.ImportFrom, module: str) -> bool:
    return module_of(node) == module and bool(_aliases(node)) and module != "__future__"


def _merge(tree: Tree, node: cst.ImportFrom, edits: Sequence[AddImport]) -> Iterator[Splice]:
    """Add names to `from m import a`, sorted where the names are."""
    aliases = _aliases(node)
    items = [(tree.start(alias), tree.end(alias)) for alias in aliases]
    end = close_after(tree.text, items[-1][1], ")") if node.lpar else tree.end(node)
    start = tree.text.code.rindex("(", 0, items[0][0]) + 1 if node.lpar else items[0][0]
    brackets = Brackets(tree.text, start, end, items, replace(tree.room, limit=sys.maxsize))
    names = [plain_name(alias) for alias in aliases]
    orders: tuple[Callable[[str], Any], ...] = (_by_kind, str.lower, str)
    order = next((order for order in orders if [*map(order, names)] == sorted(map(order, names))), None)
    for edit in sorted(edits, key=lambda edit: (order or _by_kind)(edit.name or "")):
        name = edit.name or ""
        place = next((index for index, other in enumerate(names) if order and order(other) > order(name)), None)
        brackets.add(_written(edit), place)
    splices = [*brackets.splices()]
    yield from splices if node.lpar else _wrapped(tree, node, splices)


def _wrapped(tree: Tree, node: cst.ImportFrom, splices: Sequence[Splice]) -> Sequence[Splice]:
    """The splices into an import without parentheses, or one that wraps it where its line would get too long."""
    start, end = tree.start(node), tree.end(node)
    inside = [Splice(one.start - start, one.end - start, one.content) for one in splices]
    line = Text(tree.text.code[start:end]).spliced(inside)
    if start - tree.text.line_start(start) + len(line) <= _limit(tree):
        return splices
    newline = tree.text.newline
    names = line[line.index(" import ") + len(" import ") :].split(",")
    items = "".join(f"{tree.indent_unit}{name.strip()},{newline}" for name in names)
    first = tree.start(_aliases(node)[0])
    return (Splice(first, end, f"({newline}{items})"),)


def _limit(tree: Tree) -> int:
    """The line length that is stated, or that the file keeps to: 88, or 120 where it has longer lines."""
    if tree.width is not None:
        return tree.width
    return 88 if all(len(line) <= 88 for line in re.split(r"[\r\n]", tree.text.code)) else 120


def _by_kind(name: str) -> tuple[int, str]:
    """The usual order of imported names: constants, classes, the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower()


def _written(edit: AddImport) -> str:
    plain = edit.name or edit.module
    return f"{plain} as {edit.alias}" if edit.alias and edit.alias != plain else plain


def _statement(edits: Sequence[AddImport]) -> str:
    first = edits[0]
    if first.name is None:
        return f"import {_written(first)}"
    names = dict.fromkeys(_written(edit) for edit in sorted(edits, key=lambda edit: _by_kind(edit.name or "")))
    return f"from {first.module} import {', '.join(names)}"


def _new_lines(tree: Tree, groups: Iterable[Sequence[AddImport]], used: Mapping[AddImport, int]) -> Iterator[Splice]:
    """New import lines at their places in the block at the head of the file; those at one place come sorted."""
    entries = [(group[0], _statement(group), min(used[edit] for edit in group)) for group in groups]
    if not entries:
        return
    local = {edit.module.split(".")[0] for edit, *_ in entries if edit.local}
    local |= set(re.split(r"[/\\]", entries[0][0].path)[:-1])
    local -= {edit.module.split(".")[0] for edit, *_ in entries if edit.local is False}
    block, changing = block_of(tree, local), changed_first(tree)
    below = block_of(tree, local, changing) if changing is not None else []
    sections = [{line.key[0] for line in lines} for lines in (block, below)]
    behind = 0 if changing is None else tree.text.next_line(tree.end(tree.module.body[changing]))
    placed: dict[int, list[New]] = {}
    late: set[int] = set()
    for edit, statement, use in entries:
        key = key_of(edit.module, edit.name is not None, local)
        early = key[0] != LOCAL and (key[0] in sections[0] or key[0] not in sections[1])
        if changing is None or early or use < behind:
            at = place_of(tree, block, key)
        else:
            at = place_of(tree, below, key) if below else behind
            at = at if at <= use else behind
            late.add(at)
        placed.setdefault(at, []).append((key, statement))
    for at, lines in placed.items():
        around = below if at in late else block
        yield Splice(at, at, spaced(tree, around, at, in_order(tree, around, at, lines)))
