"""A text reduced to what some lines are about: the bodies of all other functions and methods become `pass`.

Every line keeps its number, and what is left keeps its place, so that positions in the reduced text are positions in
the whole one. Reading an outline with a slow parser costs a fraction of reading the text.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from fastapi_seclint.syntax import Unreadable, parse_plain

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def outline(text: str, lines: Collection[int]) -> str:
    """The text (newlines are `\\n`) without the bodies that no line is in; all of it when it cannot be read."""
    try:
        tree = parse_plain(text)
    except (SyntaxError, Unreadable):
        return text
    rows = text.split("\n")
    for body in _others(tree.body, lines):
        first = min([body[0].lineno, *(item.lineno for item in getattr(body[0], "decorator_list", ()))])
        last = body[-1].end_lineno or first
        indent = rows[first - 1][: body[0].col_offset]
        if not indent.strip(" \t"):  # else the body begins on the line of its header
            rows[first - 1 : last] = [f"{indent}pass", *[""] * (last - first)]
    return "\n".join(rows)


def _others(statements: Sequence[ast.stmt], lines: Collection[int]) -> Iterator[list[ast.stmt]]:
    """The bodies that can go, those of methods only where their class stays."""
    for node in statements:
        if isinstance(node, _Definition):
            start = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            if not any(start <= line <= (node.end_lineno or start) for line in lines):
                yield node.body
            elif isinstance(node, ast.ClassDef):
                yield from _others(node.body, lines)
