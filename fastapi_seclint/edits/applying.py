"""Named edits become splices of the original text: LibCST says where, nothing outside those places changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from fastapi_seclint.edits import comments, definitions, expressions, fields, imports, named, statements
from fastapi_seclint.edits.expressions import Bracketed
from fastapi_seclint.edits.leftovers import without_leftovers
from fastapi_seclint.edits.local_leftovers import without_local_leftovers
from fastapi_seclint.edits.named import AddImport, CreateFile, Edit
from fastapi_seclint.edits.narrowing import laid_out
from fastapi_seclint.edits.own_names import under_own_names
from fastapi_seclint.edits.quoting import prefers_single, single_quoted
from fastapi_seclint.edits.text import EditError, Splice, in_order, joined
from fastapi_seclint.edits.tree import Tree, check_parses, tree_of
from fastapi_seclint.spans import Span
from fastapi_seclint.syntax.outline import Asked

IN_BRACKETS: dict[type, Callable[[Bracketed, Any], Sequence[Splice]]] = {
    named.RemoveKeyword: expressions.remove_keyword,
    named.SetKeyword: expressions.set_keyword,
    named.RenameKeyword: expressions.rename_keyword,
    named.AddArgument: expressions.add_argument,
    named.RemoveDictItem: expressions.remove_dict_item,
    named.SetDictItem: expressions.set_dict_item,
    named.RemoveListItem: expressions.remove_list_item,
    named.AddListItem: expressions.add_list_item,
    named.ReplaceExpression: expressions.replace_expression,
    named.AwaitCall: expressions.await_call,
    named.AddParameter: definitions.add_parameter,
}
ON_LINES: dict[type, Callable[[Tree, Any], Sequence[Splice]]] = {
    named.InsertStatements: statements.insert_statements,
    named.ReplaceStatement: statements.replace_statement,
    named.RemoveStatement: statements.remove_statement,
    named.RaiseInsteadOfReturn: statements.raise_instead_of_return,
    named.RemoveExceptName: statements.remove_except_name,
    named.MaskFields: fields.mask_fields,
    named.ReplaceComment: comments.replace_comment,
    named.AddDecorator: definitions.add_decorator,
    named.MoveDecorator: definitions.move_decorator,
}
OF_STATEMENTS = (
    named.InsertStatements,
    named.ReplaceStatement,
    named.RemoveStatement,
    named.RaiseInsteadOfReturn,
)


def splices(source: str, edits: Sequence[Edit], others: Sequence[Edit] = (), width: int | None = None) -> list[Splice]:
    """The replacements that a file's edits come to, in order of place; equal edits count once.

    `others` are the edits for which the same text will be asked: it is read once for all of them. `width` is the line
    length that the project states.
    """
    if created := [edit for edit in edits if isinstance(edit, CreateFile)]:
        return _creation(source, created, len(edits))
    tree = tree_of(source, _asked((*edits, *others)), width)
    brackets = Bracketed(tree)
    added = [edit for edit in edits if isinstance(edit, AddImport)]
    made = [*imports.add_imports(tree, added, [edit for edit in edits if not isinstance(edit, AddImport)])]
    single = prefers_single(tree.text.code)
    for edit in dict.fromkeys(_quoted(edit) if single else edit for edit in edits):
        if in_brackets := IN_BRACKETS.get(type(edit)):
            made += in_brackets(brackets, edit)
        elif on_lines := ON_LINES.get(type(edit)):
            made += on_lines(tree, edit)
    for bracket in brackets:
        made += bracket.splices()
    ordered = in_order(splice for splice in made if _changes(tree, splice))
    ordered = under_own_names(tree.text, ordered)
    ordered = in_order(without_local_leftovers(tree.text, ordered, edits, others))
    ordered = joined(in_order(without_leftovers(tree, ordered, edits, others)))
    ordered = laid_out(tree.text, ordered, brackets.replaced, tree.room)
    check_parses(tree, ordered)
    return ordered


def _quoted(edit: Edit) -> Edit:
    """The edit with single quotes in its code."""
    given: Any = edit
    code = getattr(given, "code", None)
    return replace(given, code=single_quoted(code)) if code and '"' in code else edit


def _asked(edits: Sequence[Edit]) -> Asked | None:
    """The lines that edits are about; None where one may be about the end of the file."""
    lines: set[int] = set()
    whole: set[int] = set()
    for edit in edits:
        if isinstance(edit, named.InsertStatements) and edit.where == "last-in-body" and edit.anchor is None:
            return None
        for field in fields_of(edit):
            value = getattr(edit, field.name)
            if isinstance(value, Span):
                head = field.name == "function" or getattr(edit, "where", "") == "first-in-body"
                lines.update([value.line] if head else range(value.line, value.end_line + 1))
                whole.update([value.line] if isinstance(edit, OF_STATEMENTS) and not head else ())
    return Asked(tuple(sorted(lines)), frozenset(whole))


def _changes(tree: Tree, splice: Splice) -> bool:
    return tree.text.code[splice.start : splice.end] != splice.content


def _creation(source: str, created: Sequence[CreateFile], count: int) -> list[Splice]:
    contents = {edit.content for edit in created}
    if len(contents) > 1 or len(created) < count:
        raise EditError("a new file is created and changed by different edits")
    if source and source not in contents:
        raise EditError("the file to create is there already")
    return [] if source else [Splice(0, 0, contents.pop())]
