"""Named edits of source text, applied with LibCST: what a fix may do to a file.

An edit is plain data (`named`), a place in it is a span of the original text. All edits of one call refer to the same
original text; LibCST finds the places and checks the code, and the replacements are spliced into the text itself, so
comments, newlines and all else outside the places stay byte for byte. LibCST is imported when an edit is applied.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi_seclint.edits.named import (
    AddArgument,
    AddDecorator,
    AddImport,
    AddListItem,
    AddParameter,
    AwaitCall,
    CreateFile,
    Edit,
    InsertStatements,
    MaskFields,
    MoveDecorator,
    RaiseInsteadOfReturn,
    RemoveDictItem,
    RemoveExceptName,
    RemoveKeyword,
    RemoveListItem,
    RemoveStatement,
    RenameKeyword,
    ReplaceComment,
    ReplaceExpression,
    ReplaceStatement,
    SetDictItem,
    SetKeyword,
)
from fastapi_seclint.edits.plain import from_json, to_json
from fastapi_seclint.edits.text import EditError, Text, TextEdit

__all__ = [
    "AddArgument",
    "AddDecorator",
    "AddImport",
    "AddListItem",
    "AddParameter",
    "AwaitCall",
    "CreateFile",
    "Edit",
    "EditError",
    "InsertStatements",
    "MaskFields",
    "MoveDecorator",
    "RaiseInsteadOfReturn",
    "RemoveDictItem",
    "RemoveExceptName",
    "RemoveKeyword",
    "RemoveListItem",
    "RemoveStatement",
    "RenameKeyword",
    "ReplaceComment",
    "ReplaceExpression",
    "ReplaceStatement",
    "SetDictItem",
    "SetKeyword",
    "TextEdit",
    "apply",
    "from_json",
    "text_edits",
    "to_json",
]


def apply(source: str, edits: Sequence[Edit], width: int | None = None) -> str:
    """The text after the edits of one file; raises `EditError` when a place is not found or two edits conflict.

    `width` is the line length that the project states, if it does.
    """
    from fastapi_seclint.edits.applying import splices

    return Text(source).spliced(splices(source, edits, width=width))


def text_edits(
    source: str, edits: Sequence[Edit], others: Sequence[Edit] = (), width: int | None = None
) -> tuple[TextEdit, ...]:
    """The replacements, in order and without overlap, that turn the source into `apply(source, edits)`.

    Spans count characters of the text without its byte order mark. `others` are edits of the same text whose
    replacements are asked for, too: that saves reading it again. Raises as `apply` does.
    """
    from fastapi_seclint.edits.applying import splices

    text = Text(source)
    found = splices(source, edits, others, width)
    return tuple(TextEdit(text.span(one.start, one.end), one.content) for one in found)
