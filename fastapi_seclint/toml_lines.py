"""Lines of keys in TOML text: tomli gives values without places, and every complaint needs a line."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")

KeyPath = tuple[str | int, ...]


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line of every table header and key, by its path; elements of an array of tables are numbered from 0.

    Keys of inline tables are not listed: their line is that of the key that holds them (see `nearest_line`).
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    closing = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            table = _numbered(_parts(header[2]), counts)
            if header[1] == "[[":
                index = counts.get(table, -1) + 1
                counts[table] = index
                table = (*table, index)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
            closing = _left_open(line)
    return lines


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, else of the nearest table around it, else 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def item_line(text: str, lines: Mapping[KeyPath, int], path: KeyPath, item: str) -> int:
    """The line on which a string stands inside the value of a key, else the line of the key."""
    start = nearest_line(lines, path)
    later = [line for line in lines.values() if line > start]
    end = min(later, default=text.count("\n") + 2)
    for number, line in enumerate(text.split("\n")[start - 1 : end - 1], start=start):
        if f'"{item}"' in line or f"'{item}'" in line:
            return number
    return start


def _parts(dotted: str) -> KeyPath:
    return tuple(match[1] or match[2] or match[3] or "" for match in _PART.finditer(dotted))


def _numbered(path: KeyPath, counts: Mapping[KeyPath, int]) -> KeyPath:
    """The path of a header with the number of the current element put in after each array of tables it goes through."""
    done: KeyPath = ()
    for index, part in enumerate(path):
        done = (*done, part)
        if done in counts and index < len(path) - 1:
            done = (*done, counts[done])
    return done


def _left_open(line: str) -> str:
    """The quotes that close a multi-line string opened on this line, or nothing."""
    return next((quotes for quotes in ('"""', "'''") if line.count(quotes) % 2), "")
