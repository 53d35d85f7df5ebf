"""A source line as a terminal shows it: a cell a character, with tabs, wide and control characters, and masks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from fastapi_seclint.report.words import harmless

TAB = "    "
LONGEST = 160
"""Columns of a line that are shown; of a longer one the part around the span is."""

Mask = tuple[int, int]
"""Columns of a secret on a line, from 1, end exclusive, quotes not included."""


def width(text: str) -> int:
    """The columns that a text takes, East Asian wide characters counted twice and combining ones not at all."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


class Line:
    """One line, ready to be shown and underlined."""

    def __init__(self, text: str, masks: Iterable[Mask] = ()) -> None:
        self._cells = [TAB if character == "\t" else harmless(character) for character in text]
        for start, end in masks:
            _mask(self._cells, max(start - 1, 0), min(end - 1, len(text)))
        self._indent = len(text) - len(text.lstrip())

    @property
    def indent(self) -> int:
        """The column of the first character that is not blank, from 1."""
        return self._indent + 1

    @property
    def end(self) -> int:
        """The column after the last character."""
        return len(self._cells) + 1

    def window(self, column: int) -> tuple[int, int]:
        """The columns to show around one, so that no more than `LONGEST` are taken."""
        if width("".join(self._cells)) <= LONGEST:
            return 1, self.end
        first = max(1, column - LONGEST // 3)
        last, taken = first, 0
        while last < self.end and (taken := taken + width(self._cells[last - 1])) <= LONGEST:
            last += 1
        return first, last

    def shown(self, window: tuple[int, int]) -> str:
        """The characters of the window, with `...` where the line goes on."""
        first, last = window
        before, after = "..." if first > 1 else "", "..." if last < self.end else ""
        return (before + "".join(self._cells[first - 1 : last - 1]) + after).rstrip()

    def underline(self, start: int, end: int, mark: str, window: tuple[int, int]) -> str:
        """Blanks and marks that stand below the columns from `start` up to `end`; at least one mark."""
        first, last = window
        start, end = min(max(start, first), last), min(end, last)
        lead = 3 * (first > 1) + width("".join(self._cells[first - 1 : start - 1]))
        return " " * lead + mark * max(1, width("".join(self._cells[start - 1 : end - 1])))


def _mask(cells: list[str], start: int, end: int) -> None:
    """Show the first two characters of a secret, none of a short one."""
    if end <= start:
        return
    open_until = start + 2 if end - start >= 8 else start
    cells[open_until:end] = ["***", *[""] * (end - open_until - 1)]


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column of a table."""
    return [max(map(width, column), default=0) for column in zip(*rows, strict=True)]


def padded(text: str, columns: int) -> str:
    """The text with blanks up to a number of columns."""
    return text + " " * (columns - width(text))
