"""A text reduced to what some lines are about: statements that stand apart from those lines become `pass`.

Every line keeps its number, what is left keeps its place, and what is left out ends on the line where it did, so that
positions in the reduced text are positions in the whole one. Reading an outline with a slow parser costs a fraction of
reading the text.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from operator import itemgetter
from typing import NamedTuple

from fastapi_seclint.syntax import Unreadable, parse_plain

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
STAND_INS = ("pass", "0")
"""What stands on the last line of statements that are left out, the first that is no longer than the line."""
_QUOTES = '"""'
"""A text over all lines of statements that are left out stands where they stood, and is one node for a parser."""
_HEAD = 2
"""So many statements of a body stay in any case: a docstring and what follows it."""

Run = Sequence[ast.stmt]


class Asked(NamedTuple):
    """The lines that an outline is about, in order, and those of them where statements start that stay whole."""

    lines: tuple[int, ...]
    whole: frozenset[int] = frozenset()


def outline(text: str, asked: Asked) -> str:
    """The text (newlines are `\\n`) without what no line is about; all of it when it cannot be read.

    What stands right beside a statement with such a line stays, with empty bodies; so do the imports above the module's
    first function or class, that one, and what stands beside those.
    """
    try:
        tree = parse_plain(text)
    except (SyntaxError, Unreadable):
        return text
    rows = text.split("\n")
    for run in _unasked(tree.body, asked, _landmarks(tree.body)):
        first, last = _start(run[0]), run[-1].end_lineno or _start(run[-1])
        indent = rows[first - 1][: run[0].col_offset]
        if not indent.strip(" \t") and _ends_its_line(rows[last - 1], run[-1]):
            rows[first - 1 : last] = _in_their_place(rows[first - 1 : last], indent)
    return "\n".join(rows)


def _in_their_place(rows: Sequence[str], indent: str) -> Sequence[str]:
    """As many lines, with a statement that ends on the last one and no further right; the same if none fits."""
    width, blank = len(rows[-1]), [""] * (len(rows) - 2)
    if len(rows) > 1 and width >= len(_QUOTES):
        return [indent + _QUOTES, *blank, _QUOTES]
    nothing = next((word for word in STAND_INS if len(indent) + len(word) <= width), "")
    return [*[""] * (len(rows) - 1), indent + nothing] if nothing else rows


def _landmarks(statements: Run) -> frozenset[ast.stmt]:
    """What tells where new imports go: those above the first definition of a module, and that definition."""
    above = list(takewhile(lambda node: not isinstance(node, _DEFINITIONS), statements))
    first = statements[len(above) : len(above) + 1]
    return frozenset((*(node for node in above if isinstance(node, _IMPORTS)), *first))


def _unasked(statements: Run, asked: Asked, landmarks: frozenset[ast.stmt] = frozenset()) -> Iterator[Run]:
    """The runs of statements that can go, from the statements of a block and from the blocks of those that stay."""
    named = [node in landmarks or _has(node, asked) for node in statements]
    near = [index < _HEAD or any(named[max(0, index - 1) : index + 2]) for index in range(len(statements))]
    for stays, run in groupby(zip(near, statements, strict=True), key=itemgetter(0)):
        nodes = [node for _, node in run]
        if not stays:
            yield nodes
            continue
        for node in nodes:
            yield from _unasked_below(node, asked)


def _unasked_below(node: ast.AST, asked: Asked) -> Iterator[Run]:
    """What can go from the blocks of a statement that stays."""
    if isinstance(node, ast.stmt) and node.lineno in asked.whole:
        return
    for name in _BLOCKS:
        block = getattr(node, name, ())
        if not isinstance(block, list) or not block:
            continue
        if not isinstance(block[0], ast.stmt):
            for part in block:
                yield from _unasked_below(part, asked)
        elif name == "orelse" and _is_elif(node, block):
            yield from _unasked_below(block[0], asked)
        elif any(_has(inner, asked) for inner in block) or (name == "body" and _is_asked(node, asked)):
            yield from _unasked(block, asked)
        else:
            yield block


def _is_asked(node: ast.AST, asked: Asked) -> bool:
    """Whether a line is about a statement as such, so that its body may get a new first statement."""
    if isinstance(node, _DEFINITIONS):
        return _has(node, asked)
    return isinstance(node, ast.stmt) and node.lineno in asked.lines


def _is_elif(node: ast.AST, block: Run) -> bool:
    """Whether a block is the `elif` of a statement, which stands where its `if` stands."""
    return isinstance(node, ast.If) and isinstance(block[0], ast.If) and block[0].col_offset == node.col_offset


def _start(node: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    return min([node.lineno, *(item.lineno for item in decorators)])


def _has(node: ast.stmt, asked: Asked) -> bool:
    """Whether one of the lines is a statement's, decorators included."""
    return bisect_left(asked.lines, _start(node)) < bisect_right(asked.lines, node.end_lineno or node.lineno)


def _ends_its_line(row: str, node: ast.stmt) -> bool:
    rest = row.encode()[node.end_col_offset or 0 :].strip()
    return not rest or rest.startswith(b"#")
