"""Comments that speak to seclint, found by a scanner of our own: it reads syntax newer than the interpreter, too.

Text in strings never counts, nested quotes and nested f-strings (PEP 701, 750) included.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Row = tuple[int, int, int, int, int, int, int, int, str]
"""Line, column and end column of the comment, 1 if it has its line to itself, first and last line of the statement that
it stands in or above (0 without one), last line of its block, 1 if it comes before the first statement, its text."""

_DIRECTIVE = re.compile(r"#[ \t]*seclint[ \t]*:[ \t]*(?P<text>.*?)[ \t]*(?=[ \t]#[ \t]|$)", re.I)
_NEWLINE = re.compile(r"\r\n|\r|\n")
_TOKEN = re.compile(
    r"(?P<comment>#[^\r\n]*)"
    r"|(?P<string>(?P<prefix>[rRbBuUfFtT]{0,2})(?P<quote>\"\"\"|'''|\"|'))"
    r"|(?P<open>[\[({])|(?P<close>[\])}])"
    r"|(?P<newline>\r\n|\r|\n)|(?P<blank>[ \t\f]+|\\(?:\r\n|\r|\n))|\w+|."
)


@dataclass(slots=True)
class _Line:
    """A logical line: where it starts and ends, its indentation, whether it is a decorator or nothing but a string."""

    first: int
    column: int
    decorator: bool
    last: int = 0
    only_string: bool = True


def directives(text: str) -> list[Row]:
    """The comments of a text that start with `seclint:`, in order."""
    if "seclint" not in text.lower():
        return []
    return list(_Scanner(text).rows())


def statement_starts(text: str) -> Callable[[int], int]:
    """A function from a line to the first line of the statement that it is part of, decorators included; 0 for none."""
    return _Scanner(text).start_of


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self._lines: list[_Line] = []
        self._comments: list[tuple[int, re.Match[str], int]] = []

    def rows(self) -> Iterator[Row]:
        self._scan()
        for offset, match, inside in self._comments:
            line = self._line(offset)
            column = offset - self._starts[line - 1] + 1
            own = not self._text[self._starts[line - 1] : offset].strip()
            index = inside if inside >= 0 else bisect_right(self._lines, line, key=lambda item: item.first)
            first, last = self._statement(index)
            head = index == 0 or (index == 1 and self._lines[0].only_string)
            end = column + len(match[0].rstrip())
            yield line, column, end, int(own), first, last, self._block_end(line, column), int(head), match["text"]

    def start_of(self, line: int) -> int:
        """The first line of the statement that a line is part of, or 0."""
        if not self._lines:
            self._scan()
        index = bisect_right(self._lines, line, key=lambda item: item.first) - 1
        if index < 0 or line > self._lines[index].last:
            return 0
        return self._statement(index)[0]

    def _scan(self) -> None:
        """Find the logical lines, and the comments with the number of the one that they stand in or -1."""
        position, depth, open_line = 0, 0, False
        while match := _TOKEN.match(self._text, position):
            kind = match.lastgroup
            position = match.end()
            if kind == "comment":
                self._comment(match, len(self._lines) - 1 if open_line else -1)
            elif kind == "newline":
                if not depth:
                    open_line = False
            elif kind != "blank":
                if not open_line:
                    self._begin(match.start(), match[0])
                    open_line = True
                if kind == "string":
                    position = self._string_end(position, match["quote"], match["prefix"].lower())
                else:
                    self._lines[-1].only_string = False
                depth = max(0, depth + (kind == "open") - (kind == "close"))
                self._lines[-1].last = self._line(position - 1)

    def _begin(self, offset: int, first: str) -> None:
        line = self._line(offset)
        self._lines.append(_Line(line, offset - self._starts[line - 1] + 1, first == "@"))

    def _comment(self, comment: re.Match[str], inside: int) -> None:
        for match in _DIRECTIVE.finditer(comment[0]):
            self._comments.append((comment.start() + match.start(), match, inside))

    def _string_end(self, position: int, quote: str, prefix: str) -> int:
        """The offset after the string whose content starts at a position."""
        formatted = "f" in prefix or "t" in prefix
        while position < len(self._text):
            character = self._text[position]
            if self._text.startswith(quote, position):
                return position + len(quote)
            if character == "\\" or (formatted and self._text.startswith("{{", position)):
                position += 2
            elif formatted and character == "{":
                position = self._field_end(position + 1, quote)
            else:
                position += 1
        return position

    def _field_end(self, position: int, outer: str) -> int:
        """The offset after the replacement field whose content starts at a position."""
        depth = 0
        while match := _TOKEN.match(self._text, position):
            position = match.end()
            if match.lastgroup == "string":
                position = self._string_end(position, match["quote"], match["prefix"].lower())
            elif match[0] == "}" and not depth:
                return position
            elif match[0] == ":" and not depth:
                return self._specification_end(position, outer)
            depth += (match.lastgroup == "open") - (match.lastgroup == "close")
        return len(self._text)

    def _specification_end(self, position: int, outer: str) -> int:
        """The offset after a field whose format specification starts at a position."""
        while position < len(self._text) and not self._text.startswith(outer, position):
            if self._text[position] == "}":
                return position + 1
            position = self._field_end(position + 1, outer) if self._text[position] == "{" else position + 1
        return position

    def _statement(self, index: int) -> tuple[int, int]:
        """The lines of the logical line with a number, with the decorators above and what they decorate."""
        if index >= len(self._lines):
            return 0, 0
        start = end = index
        while start > 0 and self._lines[start - 1].decorator:
            start -= 1
        while self._lines[end].decorator and end + 1 < len(self._lines):
            end += 1
        return self._lines[start].first, self._lines[end].last

    def _block_end(self, line: int, column: int) -> int:
        """The last line before the one that ends the block of a line."""
        later = bisect_right(self._lines, line, key=lambda item: item.first)
        ends = (item.first - 1 for item in self._lines[later:] if item.column < column)
        return next(ends, len(self._starts))

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)
