"""Edits of comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

import libcst as cst
from libcst import matchers

from fastapi_seclint.edits.named import ReplaceComment
from fastapi_seclint.edits.text import EditError, Splice, Text
from fastapi_seclint.edits.tree import STATEMENTS, Tree

_BLANK = " \t\f"
_COMMENT = re.compile(r"[ \t]*[)\]},:]*[ \t]*(#[^\r\n]*)")
_COMMENT_LINE = matchers.EmptyLine(comment=matchers.Comment())
_LENGTH = re.compile(
    r"\b(?:\d+|an?|one|two|three|four|five|six|seven|ten|twelve|half)[ -]?"
    r"(?:h|d|s|min|(?:second|minute|hour|day|week|month|year)s?)\b"
)
"""A comment behind a number that says how long that is: `# 8 days`."""
_OF_ALL = re.compile(r"\b(?:all(?!ow)|any|every(?:thing|body|one)?|wildcard)\b|\*", re.I)
_WILDCARD = re.compile(r"""[\[(]?\s*["']\*["']\s*,?\s*[\])]?""")
"""A comment behind `["*"]` that says as much: `# allow all origins`."""
_MARKER = re.compile(r"#\s*(?:noqa|nosec|type:|pragma|pylint|pyright|ruff)", re.I)
_DIGITS = re.compile(r"(?<![\w.])\d[\d_]{0,12}(?![\w.]*\.\d)")
_ARITHMETIC = re.compile(r"[\d_\s*()]+")
_UNITS = (1, 7, 24, 60, 24 * 7, 60 * 24, 60 * 24 * 7, 3600, 86400, 86400 * 7)
"""How many of one unit of time the next ones are, from seconds, minutes, hours and days."""
_NUMBER = re.compile(r"[\d_.\s*+/()\"']+|(?:\w+\.)?timedelta\([^()]*\)")


def outdated(text: Text, extent: tuple[int, int], code: str) -> Sequence[Splice]:
    """The removal of comments that are no longer true of code which other code replaces.

    They say how long a time is, behind it or on a line above, or that all is allowed.
    """
    old = text.code[slice(*extent)]
    if _WILDCARD.fullmatch(old):
        return _told_of_all(text, extent[1])
    if not _NUMBER.fullmatch(code) or not _NUMBER.fullmatch(old):
        return ()
    return (*_behind(text, extent[1], old), *_on_top(text, extent[0], old))


def kept_above(tree: Tree, display: cst.BaseExpression) -> Sequence[Splice]:
    """The comments that have lines of their own in a display which is replaced, put above its statement."""
    if not isinstance(display, cst.List | cst.Tuple | cst.Set | cst.Dict):
        return ()
    lines = [cst.ensure_type(line, cst.EmptyLine) for line in matchers.findall(display, _COMMENT_LINE)]
    around = next((item for item in tree.ancestors(display) if isinstance(item, STATEMENTS)), None)
    if not lines or around is None:
        return ()
    start = tree.text.line_start(tree.start(around))
    before = f"{tree.text.indent(start)}"
    kept = "".join(f"{before}{line.comment.value}{tree.text.newline}" for line in lines if line.comment)
    return (Splice(start, start, kept),)


def _behind(text: Text, end: int, old: str) -> Sequence[Splice]:
    found = _COMMENT.match(text.code, end)
    if found is None or not (_LENGTH.search(found[1]) or _tells(found[1], old)):
        return ()
    return (Splice(len(text.code[: found.start(1)].rstrip(_BLANK)), found.end(1), ""),)


def _told_of_all(text: Text, end: int) -> Sequence[Splice]:
    found = _COMMENT.match(text.code, end)
    if found is None or _MARKER.match(found[1]) or not _OF_ALL.search(found[1]):
        return ()
    return (Splice(len(text.code[: found.start(1)].rstrip(_BLANK)), found.end(1), ""),)


def _on_top(text: Text, start: int, old: str) -> Sequence[Splice]:
    """The removal of the line above, where it is the only comment line there and tells the old number."""
    line = text.line_start(start)
    above, top = (text.line_start(max(at - 1, 0)) for at in (line, text.line_start(max(line - 1, 0))))
    comment = text.code[above:line].strip()
    alone = above < line and not (top < above and text.code[top:above].lstrip().startswith("#"))
    same = text.indent(above) == text.indent(start)
    return (Splice(above, line, ""),) if alone and same and comment.startswith("#") and _tells(comment, old) else ()


def _tells(comment: str, old: str) -> bool:
    """Whether a comment says a number in another unit of time: `8 hours`, in any language, about `480`."""
    if _MARKER.match(comment) or not _ARITHMETIC.fullmatch(old):
        return False
    value = prod(int(factor.replace("_", "")) for factor in _DIGITS.findall(old))
    said = {int(number.replace("_", "")) for number in _DIGITS.findall(comment)}
    return any(number * unit == value for number in said for unit in _UNITS)


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
