"""Edits of comments."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi_seclint.edits.named import ReplaceComment
from fastapi_seclint.edits.text import EditError, Splice
from fastapi_seclint.edits.tree import Tree

_BLANK = " \t\f"


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
