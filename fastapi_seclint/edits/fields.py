"""Edits of the fields of f-strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from fastapi_seclint.edits.named import MaskFields
from fastapi_seclint.edits.text import EditError, Splice
from fastapi_seclint.edits.tree import Tree

_MASK = "***"
_TEXTS = (cst.FormattedString, cst.ConcatenatedString, cst.BinaryOperation, cst.Call)
"""What a text of f-strings is written as: one of them, several side by side, added, or joined."""


def mask_fields(tree: Tree, edit: MaskFields) -> Sequence[Splice]:
    """The replacements that `MaskFields` comes to: a piece whose last field goes is no f-string any more."""
    try:
        wanted = {int(number) for number in edit.fields.split(",")}
    except ValueError:
        raise EditError(f"{edit.fields!r} are no numbers of fields") from None
    found: list[Splice] = []
    number = 0
    for piece in _pieces(tree.expression(edit.span, *_TEXTS)):
        shown = [part for part in piece.parts if isinstance(part, cst.FormattedStringExpression)]
        masked = [part for place, part in enumerate(shown, number) if place in wanted]
        number += len(shown)
        if masked and len(masked) == len(shown):
            found.append(_plain(tree, piece))
        else:
            found += [Splice(tree.start(part), tree.end(part), _code(tree, part)) for part in masked]
    if max(wanted) >= number:
        raise EditError(f"the text at line {edit.span.line} has no field {max(wanted)}")
    return found


def _pieces(node: cst.CSTNode) -> Iterator[cst.FormattedString]:
    """The f-strings that a text is put together of, from the left; not those in the fields of others."""
    if isinstance(node, cst.FormattedString):
        yield node
        return
    for child in node.children:
        yield from _pieces(child)


def _plain(tree: Tree, piece: cst.FormattedString) -> Splice:
    prefix = piece.start.replace("f", "", 1).replace("F", "", 1)
    inner = "".join(
        part.value.replace("{{", "{").replace("}}", "}")
        if isinstance(part, cst.FormattedStringText)
        else _code(tree, part)
        for part in piece.parts
    )
    inner = inner.replace("\n", tree.text.newline)
    return Splice(tree.start(piece), tree.end(piece), f"{prefix}{inner}{piece.end}")


def _code(tree: Tree, part: cst.BaseFormattedStringContent) -> str:
    """What stands in place of a field, with the words that `{name=}` shows before the value."""
    field = cst.ensure_type(part, cst.FormattedStringExpression)
    if field.equal is None:
        return _MASK
    start, end = tree.extent(field.expression)
    shown = tree.text.code[start:end]
    if any(sign in shown for sign in "{}\n\"'\\"):
        return _MASK
    return f"{shown}={_MASK}"
