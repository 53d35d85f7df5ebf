"""Items between brackets: arguments, dict items, list items, parameters. Removing and adding keeps their layout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from fastapi_seclint.edits.text import EditError, Splice, Text
from fastapi_seclint.edits.wrapping import Room, closes_line, shares_line, spread, wrapped

_COMMA = re.compile(r"(?:#[^\r\n]*(?=[\r\n])|[ \t\f\r\n]|\\(?=[\r\n]))*,")
_REST_OF_LINE = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


@dataclass
class Brackets:
    """The items of one bracket: `open` is the offset after the opening, `close` that of the closing bracket.

    Changes are collected and written together, so that removing and adding do not get in each other's way.
    """

    text: Text
    open: int
    close: int
    items: Sequence[tuple[int, int]]
    room: Room
    removed: set[int] = field(default_factory=set)
    added: dict[int, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    grown: int = 0

    def remove(self, index: int) -> None:
        """Drop an item."""
        self.removed.add(index)

    def add(self, code: str, before: int | None = None, *, name: str | None = None) -> None:
        """Add an item before another, or at the end; raises `EditError` when one of this name is added already."""
        if name is not None and name in self.names:
            raise EditError(f"two edits add {name}")
        self.names |= {name} if name is not None else set()
        self.added.setdefault(len(self.items) if before is None else before, []).append(code)

    def grow(self, place: tuple[int, int], code: str) -> bool:
        """Take note that code replaces a part between these brackets, when they are what could be wrapped for it."""
        inside = self.open <= place[0] and place[1] <= self.close
        shared = shares_line(self.text, (self.open, self.close), self.items)
        one_line = not self._spans_lines() and closes_line(self.text, self.close)
        if not inside or "\n" in code or not (shared or one_line):
            return False
        if self.text.line_end(place[0]) - self.text.line_start(place[0]) <= self.room.limit:
            self.grown += len(code) - (place[1] - place[0])
        return True

    def splices(self) -> Iterator[Splice]:
        """The replacements that make the collected changes."""
        if (self.added or self.grown) and not self.removed:
            lay_out = spread if self._spans_lines() else wrapped
            wider = lay_out(self.text, (self.open, self.close), self.items, self.added, self.room, self.grown)
            if wider is not None:
                yield from wider
                return
        gone = sorted(self.removed)
        last = self.added.pop(len(self.items), [])
        if len(gone) == len(self.items) and not last and "#" not in self.text.code[self.open : self.close]:
            yield Splice(self.open, self.close, "")
            return
        while gone and last:
            index = gone.pop()
            yield Splice(*self.items[index], self._laid_out(last.pop(), index))
        yield from self._removals(gone)
        for index, codes in self.added.items():
            yield from (self._before(index, code) for code in codes)
        if last:
            yield from self._at_end(last)

    def _spans_lines(self) -> bool:
        return self.text.line_start(self.open) != self.text.line_start(self.close)

    def _laid_out(self, code: str, index: int) -> str:
        """Code of several lines indented as the line of an item is."""
        indent = self.text.indent(self.items[index][0] if self.items else self.open)
        return code.replace("\n", self.text.newline + indent)

    def _own_lines(self, index: int) -> bool:
        """Whether nothing but its comma and a comment shares an item's lines."""
        start, end = self.items[index]
        alone = self.text.is_blank(self.text.line_start(start), start) and self.text.line_start(start) >= self.open
        return alone and bool(_REST_OF_LINE.match(self.text.code, end)) and self.text.line_end(end) <= self.close

    def _begins_its_line(self, start: int) -> bool:
        """Whether an item of several stands first in a line below the opening bracket's, as those aligned to it do."""
        line = self.text.line_start(start)
        return len(self.items) > 1 and line >= self.open and self.text.is_blank(line, start)

    def _after_comma(self, index: int) -> int | None:
        """The offset after the comma that follows an item, if one does."""
        match = _COMMA.match(self.text.code, self.items[index][1], self.close)
        return match.end() if match else None

    def _removals(self, gone: Sequence[int]) -> Iterator[Splice]:
        for _, group in groupby(enumerate(gone), lambda pair: pair[1] - pair[0]):
            run = [index for _, index in group]
            if all(self._own_lines(index) for index in run):
                yield from (self._line_removal(index) for index in run)
            else:
                yield self._run_removal(run[0], run[-1])

    def _line_removal(self, index: int) -> Splice:
        start, end = self.items[index]
        return Splice(self.text.line_start(start), self.text.next_line(end), "")

    def _run_removal(self, first: int, last: int) -> Splice:
        start, end = self.items[first][0], self.items[last][1]
        comma = self._after_comma(last)
        if last + 1 < len(self.items):
            following = self.items[last + 1][0]
            if self.text.line_start(following) <= end:
                return Splice(start, following, "")
            return Splice(self._without_blanks(start), self.text.line_end(comma or end), "")
        if first == 0:
            return Splice(start, comma or end, "")
        if comma:
            return Splice(self._without_blanks(start), comma, "")
        before = self.items[first - 1][1]
        gap = self.text.code[before:start]
        return Splice(start if "#" in gap else before, end, "")

    def _without_blanks(self, offset: int) -> int:
        while offset > self.open and self.text.code[offset - 1] in " \t":
            offset -= 1
        return offset

    def _before(self, index: int, code: str) -> Splice:
        start = self.items[index][0]
        laid = self._laid_out(code, index)
        if not self._own_lines(index):
            return Splice(start, start, f"{laid}, ")
        at = self.text.line_start(start)
        return Splice(at, at, f"{self.text.indent(start)}{laid},{self.text.newline}")

    def _at_end(self, codes: Sequence[str]) -> Iterator[Splice]:
        if not self.items:
            yield Splice(self.open, self.open, ", ".join(self._laid_out(code, 0) for code in codes))
            return
        index = len(self.items) - 1
        start, end = self.items[index]
        comma = self._after_comma(index)
        laid = [self._laid_out(code, index) for code in codes]
        if not self._own_lines(index):
            gap = self.text.newline + self.text.indent(start) if self._begins_its_line(start) else " "
            if comma:
                yield Splice(comma, comma, "".join(f"{gap}{code}," for code in laid))
            else:
                yield Splice(end, end, "".join(f",{gap}{code}" for code in laid))
            return
        if not comma:
            yield Splice(end, end, ",")
        lines = f",{self.text.newline}".join(self.text.indent(start) + code for code in laid)
        at = self.text.next_line(end)
        yield Splice(at, at, lines + ("," if comma else "") + self.text.newline)


def close_after(text: Text, offset: int, bracket: str) -> int:
    """The offset of the closing bracket behind the last item's end, over commas, blank space and comments."""
    match = re.compile(rf"(?:#[^\r\n]*(?=[\r\n])|[ \t\f\r\n,]|\\(?=[\r\n]))*(?={re.escape(bracket)})").match(
        text.code, offset
    )
    if match is None:
        raise EditError("the closing bracket was not found")
    return match.end()
