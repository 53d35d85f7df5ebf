"""Where a new import line goes among those that are there, and the blank lines that it needs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any

import libcst as cst

from fastapi_seclint.edits.statements import above_comments, is_docstring, is_import
from fastapi_seclint.edits.tree import Tree

FUTURE, STANDARD, THIRD_PARTY, LOCAL = range(4)
HEADER = re.compile(r"\.py\b|licen[cs]e|copyright|coding|generated|noqa|pylint|pyright|mypy|ruff", re.I)
GROUP = re.compile(r"^#.*\b(?:imports?|standard|third|local)\b", re.I | re.M)
_LOOKED_UP = re.compile(r"\bsys\.path(\.(append|insert|extend)\b|\[|\s*\+?=)|\baddsitedir\b")
_READ = re.compile(r"\bload_dotenv\(|\benviron(\[[^\]\n]*\]\s*=(?!=)|\.(setdefault|update)\()")
_WORD = re.compile(r"[^\W_]{2,}")
Key = tuple[int, int, str]
New = tuple[Key, str]


@dataclass(frozen=True)
class Line:
    """A line of the import block: its section and its place within it."""

    node: cst.SimpleStatementLine
    key: Key


def key_of(module: str, is_from: bool, local: set[str]) -> Key:
    """The section of a module and its order within it: plain imports first, then by name."""
    top = module.split(".")[0]
    if module == "__future__":
        section = FUTURE
    elif not top or top in local:
        section = LOCAL
    else:
        section = STANDARD if top in sys.stdlib_module_names else THIRD_PARTY
    return section, int(is_from), module.lower()


def module_of(node: cst.Import | cst.ImportFrom) -> str | None:
    """`a.b` or `..a` of a from-import, None for a plain import."""
    if isinstance(node, cst.Import):
        return None
    return "." * len(node.relative) + (_dotted(node.module) if node.module else "")


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def plain_name(alias: cst.ImportAlias) -> str:
    """The dotted name that an import names, whatever it calls it."""
    return _dotted(alias.name)


def block_of(tree: Tree, local: set[str], after: int | None = None) -> list[Line]:
    """The import lines that a file begins with, below its docstring, or the first ones below statement `after`."""
    body = tree.module.body
    lines: list[Line] = []
    first = 1 if body and is_docstring(body[0]) else 0
    if after is not None:
        above = [*takewhile(lambda one: not isinstance(one, cst.FunctionDef | cst.ClassDef), body)]
        first = next((number for number in range(after + 1, len(above)) if is_import(above[number])), len(body))
    for statement in body[first:]:
        if not is_import(statement):
            break
        line = cst.ensure_type(statement, cst.SimpleStatementLine)
        small = line.body[0]
        if isinstance(small, cst.Import):
            lines.append(Line(line, key_of(plain_name(small.names[0]), False, local)))
        elif isinstance(small, cst.ImportFrom):
            lines.append(Line(line, key_of(module_of(small) or "", True, local)))
    return lines


def changed_first(tree: Tree) -> int | None:
    """The last statement above the definitions that changes where modules are looked up, or what they read.

    What the project has is imported below it; the environment counts where the file imports something there itself.
    """
    changing, waiting = None, None
    for number, statement in enumerate(tree.module.body):
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            break
        text = tree.text.code[tree.start(statement) : tree.text.line_end(tree.end(statement))]
        if is_import(statement):
            changing, waiting = changing if waiting is None else waiting, None
        elif _LOOKED_UP.search(text):
            changing, waiting = number, None
        elif _READ.search(text):
            waiting = number
    return changing


def _top(key: Key) -> str:
    return key[2].split(".")[0]


def place_of(tree: Tree, block: Sequence[Line], key: Key) -> int:
    """The offset of the line start that a new import goes to."""
    same = _alike(block, key)
    if key[0] == STANDARD and _scattered(tree, block, same):
        return _above(tree, tree.start(next(line for line in block if line.key[0] > FUTURE).node))
    near = [line for line in same if _top(line.key) == _top(key)]
    for lines in [same, near] if near else [same]:
        at = _sorted_place(tree, block, lines, key)
        if at is not None:
            return at
    return _below(tree, near or same, key)


def _alike(block: Sequence[Line], key: Key) -> Sequence[Line]:
    """The lines of a key's section; the project's own and third party are one where a file sorts them as one."""
    sections = [line.key[0] for line in block if line.key[0] >= THIRD_PARTY]
    mixed = key[0] >= THIRD_PARTY and sections != sorted(sections)
    return [line for line in block if (line.key[0] >= THIRD_PARTY if mixed else line.key[0] == key[0])]


def _sorted_place(tree: Tree, block: Sequence[Line], same: Sequence[Line], key: Key) -> int | None:
    """The place among lines that are sorted; None where they are not."""
    orders: tuple[Callable[[Key], tuple[object, ...]], ...] = (lambda k: (k[1], k[2]), lambda k: (k[2], k[1]))
    for order in orders:
        keys: list[Any] = [order(line.key) for line in same]
        if keys == sorted(keys):
            above = [line for line, other in zip(same, keys, strict=True) if other <= order(key)]
            if len(above) < len(same) and not (above and _top(above[-1].key) == _top(key)):
                return _above(tree, tree.start(same[len(above)].node), grouped=True)
            return tree.text.next_line(tree.end(above[-1].node)) if above else _below(tree, block, key)
    return None


def _below(tree: Tree, lines: Sequence[Line], key: Key) -> int:
    """The line below the last import of a key's section or of one above it, else the head of the file."""
    lower = [line for line in lines if line.key[0] <= key[0]]
    if lower:
        return tree.text.next_line(tree.end(lower[-1].node))
    body = tree.module.body
    if body and is_docstring(body[0]):
        at = tree.text.next_line(tree.end(body[0]))
        while is_import(body[min(1, len(body) - 1)]) and tree.text.is_blank(at, tree.text.next_line(at)):
            at = tree.text.next_line(at)
        return at
    return _above(tree, tree.whole_start(body[0])) if body else len(tree.text.code)


def _above(tree: Tree, start: int, *, grouped: bool = False) -> int:
    """The start of the comment lines right above a line, or of the line where they are about more than that line.

    With `grouped` a comment that is a heading of imports is one of the new line, too.
    """
    at, line = above_comments(tree, start), tree.text.line_start(start)
    comment = tree.text.code[at:line]
    if GROUP.search(comment):
        return line if grouped else at
    return line if at == 0 and _heads_file(comment, tree.text.code[line : tree.text.line_end(line)]) else at


def _heads_file(comment: str, line: str) -> bool:
    """Whether a comment at the top of a file is about the file, and not about the import below it."""
    title = comment.lstrip("# \t")[:1]
    about_import = {word.lower() for word in _WORD.findall(comment)} & {word.lower() for word in _WORD.findall(line)}
    return bool(HEADER.search(comment)) or (title != title.lower() and not about_import)


def _scattered(tree: Tree, block: Sequence[Line], same: Sequence[Line]) -> bool:
    """Whether the lines of a section stand among those of sections below it, and not in a paragraph of their own."""
    if not same or block.index(same[0]) == 0 or block[block.index(same[0]) - 1].key[0] <= same[0].key[0]:
        return False
    return "\n\n" not in _between(tree, block[block.index(same[0]) - 1], same[0])


def in_order(tree: Tree, block: Sequence[Line], at: int, lines: Sequence[New]) -> Sequence[New]:
    """New lines at one place, sorted, those of the sections above and below next to them."""
    above = [line.key[0] for line in block if tree.start(line.node) < at][-1:]
    below = [line.key[0] for line in block if tree.start(line.node) >= at][:1]
    return sorted(lines, key=lambda line: ([line[0][0]] != above, [line[0][0]] == below, line))


def _separates(tree: Tree, block: Sequence[Line]) -> bool:
    """Whether blank lines stand between the sections of a file's imports, as far as it has several."""
    pairs = [(one, other) for one, other in pairwise(block) if one.key[0] != other.key[0]]
    return all("\n\n" in _between(tree, one, other) for one, other in pairs)


def _between(tree: Tree, one: Line, other: Line) -> str:
    """The line ends between two imports, whatever stands on the lines left out but blank ones kept."""
    text = tree.text.code[tree.end(one.node) : tree.start(other.node)]
    return re.sub(r"\r\n?|[ \t]*\n", "\n", text)


def spaced(tree: Tree, block: Sequence[Line], at: int, lines: Sequence[New]) -> str:
    """New import lines with blank lines between sections, and around them where none are yet."""
    text, newline, separates = tree.text, tree.text.newline, _separates(tree, block)
    written: list[str] = []
    for index, (key, statement) in enumerate(lines):
        apart = separates and index > 0 and lines[index - 1][0][0] != key[0]
        written.append((newline if apart else "") + statement + newline)
    before = [line.key[0] for line in block if tree.start(line.node) < at]
    after = [line.key[0] for line in block if tree.start(line.node) >= at]
    blank_above = at == 0 or text.is_blank(text.line_start(at - 1), at)
    unfinished = text.line_start(at) != at
    apart = separates and before[-1:] != [lines[0][0][0]] and bool(before or not after)
    if unfinished or (apart and not blank_above):
        written.insert(0, newline)
    ends = (not after and before[-1:] != [lines[-1][0][0]]) or after[:1] not in ([], [lines[-1][0][0]])
    ends = ends and (separates or not before)
    if ends and at < len(text.code) and not text.is_blank(at, text.next_line(at)):
        following = next((one for one in tree.module.body if tree.whole_start(one) >= at), None)
        written.append(newline * (2 if isinstance(following, cst.FunctionDef | cst.ClassDef) else 1))
    return "".join(written)
