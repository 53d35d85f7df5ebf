"""Lines that new code would make too long are wrapped: what is between the brackets goes on lines of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi_seclint.edits.text import Splice, Text

Extent = tuple[int, int]

_GAP = re.compile(r"[ \t]*,[ \t]*")
_TAIL = re.compile(r"[ \t]*,?[ \t]*")
_REST = re.compile(r"\)[ \t]*(?:,|:|->[^#\r\n]*:)?[ \t]*(?=[\r\n]|\Z)")
_WIDE = re.compile(r"[^\r\n]{89,}")
_NARROW = re.compile(r"^[^\r\n]{81,88}$", re.M)


def line_limit(code: str) -> int:
    """The line length that a file keeps to: 88 where its lines come close to it and none is longer, else 120."""
    return 88 if _NARROW.search(code.replace("\r", "\n")) and not _WIDE.search(code) else 120


@dataclass(frozen=True, slots=True)
class Room:
    """How much room a line has: the length that it may have, and what one level of indentation is."""

    limit: int
    unit: str


def closes_line(text: Text, close: int) -> bool:
    """Whether nothing but the end of its statement stands behind a closing bracket on its line."""
    return _REST.match(text.code, close) is not None


def wrapped(
    text: Text, inside: Extent, items: Sequence[Extent], added: Mapping[int, Sequence[str]], room: Room, grown: int = 0
) -> list[Splice] | None:
    """The splices that add items by index and wrap a bracket on one line; None where its line stays short enough.

    `inside` is what stands between the brackets, `grown` by how much it gets longer in itself. A bracket with more
    behind it on its line is left as it is.
    """
    start, end = inside
    line = text.code[text.line_start(start) : text.line_end(start)]
    new = [code for codes in added.values() for code in codes]
    more = grown + sum(len(code) + 2 for code in new)
    if not items or len(line) + more <= room.limit or "\n" in "".join(new) or not closes_line(text, end):
        return None
    if text.line_start(start) != text.line_start(end):
        return None
    edges = [start, *(edge for item in items for edge in item), end]
    gaps = [(edges[index], edges[index + 1]) for index in range(0, len(edges), 2)]
    if not all(_GAP.fullmatch(text.code, *gap) for gap in gaps[1:-1]) or not _TAIL.fullmatch(text.code, *gaps[-1]):
        return None
    indent = text.indent(start)
    inner = text.newline + indent + room.unit
    whole = len(indent + room.unit) + len(text.code[items[0][0] : items[-1][1]]) + more
    together = whole <= room.limit and not text.code[slice(*gaps[-1])].strip()
    comma = ", " if together else f",{inner}"
    heads = [inner, *[comma] * (len(items) - 1)]
    found = [
        Splice(*gap, head + "".join(code + comma for code in added.get(index, ())))
        for index, (gap, head) in enumerate(zip(gaps[:-1], heads, strict=True))
    ]
    last = "".join(comma + code for code in added.get(len(items), ()))
    found.append(Splice(*gaps[-1], last + ("" if together else ",") + text.newline + indent))
    return found
