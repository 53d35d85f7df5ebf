"""Edits of comments."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi_seclint.edits.named import ReplaceComment
from fastapi_seclint.edits.text import EditError, Splice, Text
from fastapi_seclint.edits.tree import Tree

_BLANK = " \t\f"
_LENGTH = re.compile(
    r"[ \t]*[)\]},:]*[ \t]*(#[^\r\n]*\b(?:\d+|an?|one|two|three|four|five|six|seven|ten|twelve|half)[ -]?"
    r"(?:h|d|s|min|(?:second|minute|hour|day|week|month|year)s?)\b[^\r\n]*)"
)
"""A comment behind a number that says how long that is: `# 8 days`."""
_NUMBER = re.compile(r"[\d_.\s*+/()\"']+|(?:\w+\.)?timedelta\([^()]*\)")


def outdated(text: Text, extent: tuple[int, int], code: str) -> Sequence[Splice]:
    """The removal of a comment that says how long a time is which other code replaces on its line."""
    end = extent[1]
    found = _LENGTH.match(text.code, end) if _NUMBER.fullmatch(code) else None
    if found is None or not _NUMBER.fullmatch(text.code[slice(*extent)]):
        return ()
    start = len(text.code[: found.start(1)].rstrip(_BLANK))
    return (Splice(start, found.end(1), ""),)


def replace_comment(tree: Tree, edit: ReplaceComment) -> Sequence[Splice]:
    """The replacements that `ReplaceComment` comes to."""
    text = tree.text
    start, end = text.extent(edit.span)
    if not text.code.startswith("#", start) or edit.span.line != edit.span.end_line:
        raise EditError(f"there is no comment at line {edit.span.line}")
    if edit.text:
        return (Splice(start, end, edit.text),)
    begin, rest = text.line_start(start), text.line_end(end)
    if text.is_blank(begin, start) and text.is_blank(end, rest):
        return (Splice(begin, text.next_line(end), ""),)
    if text.is_blank(begin, start):
        return (Splice(start, len(text.code) - len(text.code[end:].lstrip(_BLANK)), ""),)
    return (Splice(len(text.code[:start].rstrip(_BLANK)), end, ""),)
