"""Source text as characters: lines, offsets, and splices that leave everything outside them byte for byte."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastapi_seclint.spans import Span

BOM = "\ufeff"
_NEWLINE = re.compile(r"\r\n|\r|\n")
_FOUR = " " * 4


class EditError(Exception):
    """An edit that cannot be applied; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A replacement in the original text; an empty span inserts."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Splice:
    """A replacement by offsets, `start` inclusive and `end` exclusive."""

    start: int
    end: int
    content: str


class Text:
    """Text with its own newlines and the offsets of its lines. Line 1, column 1 is offset 0; a BOM is not counted."""

    def __init__(self, source: str) -> None:
        self.bom = BOM if source.startswith(BOM) else ""
        self.code = source[len(self.bom) :]
        self.starts = [0, *(match.end() for match in _NEWLINE.finditer(self.code))]
        first = _NEWLINE.search(self.code)
        self.newline = first[0] if first else "\n"

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column; raises `EditError` outside the text."""
        if not 1 <= line <= len(self.starts) or column < 1 or self.starts[line - 1] + column - 1 > len(self.code):
            raise EditError(f"line {line}, column {column} is outside the file")
        return self.starts[line - 1] + column - 1

    def extent(self, span: Span) -> tuple[int, int]:
        """The offsets of a span."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        return Span(*self._position(start), *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line_start(self, offset: int) -> int:
        """The offset at which the line of an offset starts."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """The offset at which the line of an offset ends, before its newline."""
        match = _NEWLINE.search(self.code, offset)
        return match.start() if match else len(self.code)

    def next_line(self, offset: int) -> int:
        """The offset at which the next line starts, or the end of the text."""
        match = _NEWLINE.search(self.code, offset)
        return match.end() if match else len(self.code)

    def indent(self, offset: int) -> str:
        """The blank space that the line of an offset begins with."""
        start = self.line_start(offset)
        match = re.compile(r"[ \t\f]*").match(self.code, start)
        return match[0] if match else ""

    def is_blank(self, start: int, end: int) -> bool:
        """Whether nothing but blank space stands between two offsets."""
        return not self.code[start:end].strip()

    def spliced(self, splices: Sequence[Splice]) -> str:
        """The text with all splices made; those at one place come in the order given. Raises `EditError` on overlap."""
        parts: list[str] = []
        at = 0
        for splice in in_order(splices):
            parts += (self.code[at : splice.start], splice.content)
            at = splice.end
        return self.bom + "".join([*parts, self.code[at:]])


def in_order(splices: Iterable[Splice]) -> list[Splice]:
    """Splices by place, insertions first; raises `EditError` when two of them touch the same text."""
    ordered = sorted(splices, key=lambda splice: (splice.start, splice.end > splice.start))
    for before, after in pairwise(ordered):
        if after.start < before.end:
            raise EditError("two edits change the same code")
    return ordered


def joined(splices: Sequence[Splice]) -> list[Splice]:
    """Splices in order with insertions at one place as one, so that nobody can mistake their order."""
    found: list[Splice] = []
    for splice in splices:
        if found and found[-1].start == found[-1].end == splice.start == splice.end:
            splice = Splice(splice.start, splice.end, found.pop().content + splice.content)
        found.append(splice)
    return found


def reindented(code: str, indent: str, unit: str, newline: str) -> list[str]:
    """The lines of code written with four spaces a level, each with `indent` in front and `unit` a level.

    Lines inside a string that is no docstring stay as they are, blank lines stay empty. Every line ends in `newline`.
    """
    fixed = _lines_in_strings(code)
    lines = []
    for number, line in enumerate(code.rstrip("\n").split("\n"), 1):
        if number not in fixed and line.strip():
            body = line.lstrip(" ")
            levels, rest = divmod(len(line) - len(body), len(_FOUR))
            line = indent + unit * levels + " " * rest + body
        lines.append(line + newline)
    return lines


def _lines_in_strings(code: str) -> set[int]:
    """The lines that begin inside a string whose value their indentation is part of."""
    inside: set[int] = set()
    beginning = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if tokenize.tok_name[token.type] in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE") and not beginning:
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                beginning = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    except (tokenize.TokenError, SyntaxError) as error:
        raise EditError(f"the code to insert cannot be read: {error}") from None
    return inside
