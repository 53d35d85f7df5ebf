"""Edits of statements: inserting, replacing, removing, raising."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst
from libcst import matchers

from fastapi_seclint.edits.named import (
    InsertStatements,
    RaiseInsteadOfReturn,
    RemoveExceptName,
    RemoveStatement,
    ReplaceStatement,
)
from fastapi_seclint.edits.narrowing import narrowed
from fastapi_seclint.edits.text import EditError, Splice, reindented
from fastapi_seclint.edits.tree import Statement, Tree, parsed_statements
from fastapi_seclint.spans import Span

Splices = Sequence[Splice]
Container = cst.Module | cst.IndentedBlock
DEFINITIONS = (cst.FunctionDef, cst.ClassDef)


def insert_statements(tree: Tree, edit: InsertStatements) -> Splices:
    """The replacements that `InsertStatements` comes to."""
    code = edit.code.strip("\n")
    new = parsed_statements(code)
    if not new:
        raise EditError("there is no statement to insert")
    if edit.where in ("before", "after"):
        if edit.anchor is None:
            raise EditError(f"nothing can be inserted {edit.where} a file")
        return _beside(tree, tree.statement(edit.anchor), edit.where == "after", code, new)
    if edit.anchor is None:
        return _in_body(tree, tree.module, edit.where, code, new)
    node = tree.statement(edit.anchor)
    body = getattr(node, "body", None)
    if isinstance(body, cst.SimpleStatementSuite):
        last = edit.where == "last-in-body"
        return _beside(tree, body.body[-1 if last else 0], last, code, new)
    if not isinstance(body, cst.IndentedBlock):
        raise EditError(f"the statement at line {edit.anchor.line} has no body")
    return _in_body(tree, body, edit.where, code, new)


def replace_statement(tree: Tree, edit: ReplaceStatement) -> Splices:
    """The replacements that `ReplaceStatement` comes to."""
    node = _whole_statement(tree, edit.span)
    code = edit.code.strip("\n")
    new = parsed_statements(code)
    start, end = tree.whole_start(node), tree.end(node)
    shared = isinstance(node, cst.BaseSmallStatement) and (len(_line_of(tree, node).body) > 1 or _suite(tree, node))
    if shared and not (len(new) == 1 and isinstance(new[0], cst.SimpleStatementLine)):
        raise EditError(f"the statement at line {edit.span.line} shares its line with another one")
    indent = tree.text.indent(start)
    lines = [] if shared or not isinstance(node, cst.BaseSmallStatement) else _comments_inside(tree, node, code, indent)
    lines += _indented(tree, code, indent)
    return (Splice(start, end, "".join(lines).lstrip(" \t").removesuffix(tree.text.newline)),)


def _comments_inside(tree: Tree, node: cst.BaseSmallStatement, code: str, indent: str) -> list[str]:
    """The comments within the lines of a statement, which go on top of what takes its place unless that has them."""
    found = [str(comment.value) for comment in matchers.findall(node, matchers.Comment())]  # type: ignore[attr-defined]
    return [f"{indent}{comment}{tree.text.newline}" for comment in found if comment not in code]


def remove_statement(tree: Tree, edit: RemoveStatement) -> Splices:
    """The replacements that `RemoveStatement` comes to."""
    node = _whole_statement(tree, edit.span)
    start, end = tree.whole_start(node), tree.end(node)
    if isinstance(node, cst.BaseSmallStatement) and len(body := _line_of(tree, node).body) > 1:
        index = list(body).index(node)
        if index + 1 < len(body):
            return (Splice(start, tree.start(body[index + 1]), ""),)
        return (Splice(tree.end(body[index - 1]), end, ""),)
    block = tree.parent(node) if _suite(tree, node) else _container(tree, node)
    if not isinstance(block, cst.IndentedBlock | cst.Module) or (len(block.body) == 1 and block is not tree.module):
        return (Splice(start, end, "pass"),)
    return (Splice(_without_doubled_blanks(tree, start, end), tree.text.next_line(end), ""),)


def raise_instead_of_return(tree: Tree, edit: RaiseInsteadOfReturn) -> Splices:
    """The replacements that `RaiseInsteadOfReturn` comes to."""
    node = tree.statement(edit.span)
    start = tree.start(node)
    if isinstance(node, cst.Return) and node.value:
        return (Splice(start, start + len("return"), "raise"),)
    if isinstance(node, cst.Expr):
        return (Splice(start, start, "raise "),)
    raise EditError(f"the statement at line {edit.span.line} returns nothing")


def remove_except_name(tree: Tree, edit: RemoveExceptName) -> Splices:
    """The replacements that `RemoveExceptName` comes to."""
    start = tree.text.offset(edit.handler.line, edit.handler.column)
    node = tree.handler(start)
    if node.name is None or node.type is None:
        raise EditError(f"the except at line {edit.handler.line} gives its exception no name")
    return (Splice(tree.extent(node.type)[1], tree.end(node.name.name), ""),)


def below_head(body: Sequence[cst.BaseStatement], *, imports: bool) -> int:
    """How many statements a body begins with that new ones go below: docstring, `__future__`, imports if asked."""
    count = 1 if body and is_docstring(body[0]) else 0
    while count < len(body) and is_import(body[count], future_only=not imports):
        count += 1
    return count


def is_docstring(statement: cst.BaseStatement) -> bool:
    """Whether a first statement is a docstring."""
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    return isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)


def is_import(statement: cst.BaseStatement, *, future_only: bool = False) -> bool:
    """Whether a statement's line begins with an import."""
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    if not future_only:
        return isinstance(small, cst.Import | cst.ImportFrom)
    module = small.module if isinstance(small, cst.ImportFrom) else None
    return isinstance(module, cst.Name) and module.value == "__future__"


def _in_body(tree: Tree, body: Container, where: str, code: str, new: Sequence[cst.BaseStatement]) -> Splices:
    if not body.body:
        at = len(tree.text.code)
        head = tree.text.newline if at > tree.text.line_start(at) else ""
        return (Splice(at, at, head + "".join(_indented(tree, code, ""))),)
    if where == "last-in-body":
        return _beside(tree, body.body[-1], True, code, new)
    count = below_head(body.body, imports=isinstance(body, cst.Module))
    last = count == len(body.body)
    return _beside(tree, body.body[count - 1 if last or count else 0], bool(count), code, new)


def _beside(tree: Tree, node: cst.CSTNode, after: bool, code: str, new: Sequence[cst.BaseStatement]) -> Splices:
    """Insert code on lines of its own above or below a statement, with blank lines around definitions."""
    if isinstance(node, cst.BaseSmallStatement) and _suite(tree, node):
        return _into_suite(tree, node, after, code)
    line = _line_of(tree, node) if isinstance(node, cst.BaseSmallStatement) else node
    if isinstance(line, cst.SimpleStatementLine) and node is not line and line.body[-1 if after else 0] is not node:
        raise EditError("the statement to insert beside shares its line with another one")
    container = _container(tree, node)
    index = next((number for number, statement in enumerate(container.body) if statement is line), None)
    if index is None:
        raise EditError("the statement to insert beside is a branch of another one")
    start, end = tree.whole_start(line), tree.end(line)
    lines = _indented(tree, code, tree.text.indent(start))
    previous = container.body[index - 1 + after] if index + after else None
    at = tree.text.next_line(end) if after else above_comments(tree, start)
    following = container.body[index + after] if index + after < len(container.body) else None
    apart = 2 if isinstance(container, cst.Module) else 1
    head = _missing_blanks(tree, at, previous, new[0], apart, backwards=True)
    tail = _missing_blanks(tree, at, following, new[-1], apart, backwards=False)
    if apart == 2 and not after and at < tree.text.line_start(start):
        tail = max(tail, 1)
    unfinished = after and tree.text.line_end(end) == len(tree.text.code)
    newline = tree.text.newline
    text = newline * head + "".join(lines) + newline * tail
    return (Splice(at, at, newline + text.removesuffix(newline) if unfinished else text),)


def _indented(tree: Tree, code: str, indent: str) -> list[str]:
    """The lines of new code at an indentation, wrapped where they would get too long."""
    return reindented(narrowed(code, len(indent), tree.room), indent, tree.indent_unit, tree.text.newline)


def _missing_blanks(
    tree: Tree, at: int, neighbour: cst.BaseStatement | None, new: cst.BaseStatement, apart: int, *, backwards: bool
) -> int:
    """How many blank lines to add between new code at an offset and the statement above or below it."""
    if neighbour is None:
        return 0
    if not (isinstance(neighbour, DEFINITIONS) or isinstance(new, DEFINITIONS)):
        apart = 1 if backwards and is_import(neighbour) and not is_import(new) else 0
    there = 0
    while there < apart:
        start = tree.text.line_start(at - 1) if backwards and at else at
        end = at if backwards else tree.text.next_line(at)
        if start == end or not tree.text.is_blank(start, end):
            break
        at = start if backwards else end
        there += 1
    return apart - there


def _into_suite(tree: Tree, node: cst.BaseSmallStatement, after: bool, code: str) -> Splices:
    """`if x: y` is unfolded into a block of lines and gets the new ones."""
    suite = _line_of(tree, node)
    first, newline = tree.start(suite.body[0]), tree.text.newline
    if len(suite.body) > 1:
        raise EditError("the statement to insert beside shares its line with another one")
    indent = tree.text.indent(first) + tree.indent_unit
    lines = "".join(_indented(tree, code, indent))
    colon = tree.text.code.rindex(":", 0, first) + 1
    if not after:
        return (Splice(colon, first, newline + lines + indent),)
    end = tree.text.line_end(tree.end(node))
    return Splice(colon, first, newline + indent), Splice(end, end, newline + lines.removesuffix(newline))


def above_comments(tree: Tree, start: int) -> int:
    """The start of the comment lines that stand right above a line, or of the line itself."""
    text = tree.text
    at = text.line_start(start)
    while at > 0:
        above = text.line_start(at - 1)
        line = text.code[above:at].strip()
        if not line.startswith("#") or text.indent(above) != text.indent(start) or _is_head(line):
            break
        at = above
    return at


def _is_head(comment: str) -> bool:
    return comment.startswith("#!") or bool(re.search(r"coding[:=]", comment))


def _without_doubled_blanks(tree: Tree, start: int, end: int) -> int:
    """Where to begin removing lines so that the blank lines above and below them do not add up."""
    text = tree.text
    at, below = text.line_start(start), text.next_line(end)
    following = text.next_line(below)
    if below < len(text.code) and not text.is_blank(below, following):
        return at
    while at > 0 and text.is_blank(text.line_start(at - 1), at):
        at = text.line_start(at - 1)
    return at


def _whole_statement(tree: Tree, span: Span) -> Statement:
    node = tree.statement(span)
    if isinstance(tree.parent(node), cst.If):
        raise EditError(f"the statement at line {span.line} is a branch of another one")
    return node


def _line_of(tree: Tree, node: cst.CSTNode) -> cst.SimpleStatementLine | cst.SimpleStatementSuite:
    line = tree.parent(node)
    if isinstance(line, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        return line
    raise EditError("the statement stands in no line")


def _suite(tree: Tree, node: cst.CSTNode) -> bool:
    return isinstance(tree.parent(node), cst.SimpleStatementSuite)


def _container(tree: Tree, node: Statement | cst.CSTNode) -> Container:
    for above in tree.ancestors(node):
        if isinstance(above, cst.Module | cst.IndentedBlock):
            return above
    raise EditError("the statement stands in no block")
