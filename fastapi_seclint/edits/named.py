"""The named edits: what a fix changes, as plain data. `path` is a display path, places are spans of the original text.

`code` is Python source: an expression, one or more statements, a parameter or a decorator, as the edit says. Code of
several lines is written with four spaces a level and `\\n`; it takes on the indentation and newlines of its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi_seclint.spans import Span

Where = Literal["before", "after", "first-in-body", "last-in-body"]
DecoratorPlace = Literal["top", "bottom", "below-route"]


@dataclass(frozen=True, slots=True)
class RemoveKeyword:
    """Drop the keyword argument `name` of the call (or class definition) at `call`."""

    path: str
    call: Span
    name: str


@dataclass(frozen=True, slots=True)
class SetKeyword:
    """Give the call at `call` the keyword `name=code`: its value is replaced, or the keyword added at the end."""

    path: str
    call: Span
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class RenameKeyword:
    """Call the keyword argument `name` of the call at `call` `new`."""

    path: str
    call: Span
    name: str
    new: str


@dataclass(frozen=True, slots=True)
class AddArgument:
    """Add the positional argument `code` to the call at `call`, after the last positional one."""

    path: str
    call: Span
    code: str


@dataclass(frozen=True, slots=True)
class RemoveDictItem:
    """Drop the item whose key is the string `key` from the dict display, or the `dict(...)`, at `dictionary`."""

    path: str
    dictionary: Span
    key: str


@dataclass(frozen=True, slots=True)
class SetDictItem:
    """Give the dict display, or `dict(...)`, at `dictionary` the item `"key": code`: replaced, or added at the end."""

    path: str
    dictionary: Span
    key: str
    code: str


@dataclass(frozen=True, slots=True)
class RemoveListItem:
    """Drop one item of the list, tuple or set display at `items`, by its index or by its exact code."""

    path: str
    items: Span
    item: int | str


@dataclass(frozen=True, slots=True)
class AddListItem:
    """Add `code` to the list, tuple or set display at `items`."""

    path: str
    items: Span
    code: str
    where: Literal["first", "last"] = "last"


@dataclass(frozen=True, slots=True)
class ReplaceExpression:
    """Put `code` in place of the expression at `span`, in parentheses where its surroundings need them."""

    path: str
    span: Span
    code: str


@dataclass(frozen=True, slots=True)
class MaskFields:
    """Put `***` in place of fields of the f-string at `span`, told by their numbers: `"0,2"` are the first and third.

    Strings that stand side by side, are added or joined are one, and what a field's own format asks for has no number.
    """

    path: str
    span: Span
    fields: str


@dataclass(frozen=True, slots=True)
class AwaitCall:
    """Await the expression at `span`; it must stand in an async function."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class InsertStatements:
    """Insert statements beside the statement at `anchor`, or into its body (below a docstring).

    Without an anchor the body is the file's: below the docstring and the imports, or at the end.
    """

    path: str
    anchor: Span | None
    where: Where
    code: str


@dataclass(frozen=True, slots=True)
class ReplaceStatement:
    """Put statements in place of the one at `span`, decorators included. Comments around it stay."""

    path: str
    span: Span
    code: str


@dataclass(frozen=True, slots=True)
class RemoveStatement:
    """Drop the statement at `span` with the comment on its line; comments above it stay."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class RaiseInsteadOfReturn:
    """`return X`, or the bare statement `X`, becomes `raise X`."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class RemoveExceptName:
    """`except X as name:` at `handler` becomes `except X:`, for a name that nothing uses any more."""

    path: str
    handler: Span


@dataclass(frozen=True, slots=True)
class AddImport:
    """Import `module`, or `name` from it, at its sorted place; nothing is added when the file has the import already.

    `local` says that the module is the project's own; None leaves that to the path and the imports that are there.
    `target` is the path of its file, so that a file which imports what is around it relatively goes on doing so.
    """

    path: str
    module: str
    name: str | None = None
    alias: str | None = None
    local: bool | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class AddParameter:
    """Give the function at `function` the parameter `code`, at a place where existing calls keep their meaning."""

    path: str
    function: Span
    code: str


@dataclass(frozen=True, slots=True)
class AddDecorator:
    """Decorate the function or class at `function` with `code`; `below-route` is right below its route decorator."""

    path: str
    function: Span
    code: str
    where: DecoratorPlace = "bottom"


@dataclass(frozen=True, slots=True)
class MoveDecorator:
    """Move the decorator whose expression is at `decorator` to another place above the same function."""

    path: str
    function: Span
    decorator: Span
    where: DecoratorPlace = "below-route"


@dataclass(frozen=True, slots=True)
class ReplaceComment:
    """Put `text` in place of the comment, or the part of one, at `span`; without text it is dropped.

    A comment that has its line to itself is dropped with the line.
    """

    path: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class CreateFile:
    """Write a new file. A file that exists with other content makes the edit fail."""

    path: str
    content: str


Edit = (
    RemoveKeyword
    | SetKeyword
    | RenameKeyword
    | AddArgument
    | RemoveDictItem
    | SetDictItem
    | RemoveListItem
    | AddListItem
    | ReplaceExpression
    | MaskFields
    | AwaitCall
    | InsertStatements
    | ReplaceStatement
    | RemoveStatement
    | RaiseInsteadOfReturn
    | RemoveExceptName
    | AddImport
    | AddParameter
    | AddDecorator
    | MoveDecorator
    | ReplaceComment
    | CreateFile
)
