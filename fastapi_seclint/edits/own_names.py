"""Names as the file has them: where it imports a thing under another name, code that is put in says that one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from fastapi_seclint.edits.text import Splice, Text
from fastapi_seclint.syntax import Unreadable, parse
from fastapi_seclint.syntax.aliases import own_names

_RENAMING = re.compile(r"\bimport\b[^#;]*?\bas\s")


def under_own_names(text: Text, splices: Sequence[Splice]) -> list[Splice]:
    """The splices, in order of place, with names in their code as the file's imports call what they stand for."""
    if not _RENAMING.search(text.code):
        return [*splices]
    whole = Text(Text(text.code).spliced(splices))
    try:
        found = [*own_names(parse(text.code)[0], parse(whole.code)[0])]
    except Unreadable:
        return [*splices]
    return _renamed(splices, sorted((_offset(whole, line, at), name, own) for name, own, line, at in found))


def _offset(text: Text, line: int, column: int) -> int:
    """Where a column in bytes is."""
    start = text.starts[line - 1]
    return start + len(text.code[start : text.line_end(start)].encode()[:column].decode(errors="ignore"))


def _renamed(splices: Sequence[Splice], places: Sequence[tuple[int, str, str]]) -> list[Splice]:
    """The splices with other names at places of the whole text that they make."""
    grown, starts = 0, []
    for splice in splices:
        starts.append(splice.start + grown)
        grown += len(splice.content) - (splice.end - splice.start)
    contents = [splice.content for splice in splices]
    for at, name, own in reversed(places):
        number = bisect_right(starts, at) - 1
        inside = at - starts[number]
        if number >= 0 and contents[number].startswith(name, inside):
            contents[number] = contents[number][:inside] + own + contents[number][inside + len(name) :]
    return [Splice(one.start, one.end, content) for one, content in zip(splices, contents, strict=True)]
