"""Lines that new code would make too long are wrapped: what is between the brackets goes on lines of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastapi_seclint.edits.text import Splice, Text

Extent = tuple[int, int]

_GAP = re.compile(r"[ \t]*,[ \t]*")
_TAIL = re.compile(r"[ \t]*,?[ \t]*")
_REST = re.compile(r"\)[ \t]*(?:,|:|->[^#\r\n]*:|from[ \t]+[\w.]+)?[ \t]*(?=[\r\n]|\Z)")
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


def shares_line(text: Text, inside: Extent, items: Sequence[Extent]) -> bool:
    """Whether the items of a bracket stand together on a line of their own between those of the brackets."""
    if not items:
        return False
    line, tail = text.line_start(items[0][0]), text.code[items[-1][1] : inside[1]]
    alone = line > text.line_start(inside[0]) and text.line_start(items[-1][1]) == line
    return alone and "\n" in tail.replace("\r", "\n") and not tail.strip(" \t\r\n,")


def spread(
    text: Text, inside: Extent, items: Sequence[Extent], added: Mapping[int, Sequence[str]], room: Room, grown: int = 0
) -> list[Splice] | None:
    """The splices that add items and give each of those that share a line one of its own; None where they may share it.

    The arguments are those of `wrapped`.
    """
    if not shares_line(text, inside, items):
        return None
    new = [code for codes in added.values() for code in codes]
    first, last = items[0][0], items[-1][1]
    length = len(text.code[text.line_start(first) : text.line_end(first)])
    gaps = [(before[1], after[0]) for before, after in pairwise(items)]
    if length + grown + sum(len(code) + 2 for code in new) <= room.limit or "\n" in "".join(new):
        return None
    if not all(_GAP.fullmatch(text.code, *gap) for gap in gaps):
        return None
    comma = f",{text.newline}{text.indent(first)}"
    found = [Splice(first, first, "".join(code + comma for code in added.get(0, ())))] if 0 in added else []
    for index, gap in enumerate(gaps, 1):
        found.append(Splice(*gap, comma + "".join(code + comma for code in added.get(index, ()))))
    end = last + len(text.code[last : text.line_end(last)])
    found.append(Splice(last, end, "".join(comma + code for code in added.get(len(items), ())) + ","))
    return found
