"""A file's LibCST tree, asked by place: which node stands at a span, where a node stands, what it stands in."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache, cached_property, lru_cache
from typing import Any, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from fastapi_seclint.edits.text import BOM, EditError, Splice, Text
from fastapi_seclint.edits.wrapping import Room, line_limit
from fastapi_seclint.spans import Span
from fastapi_seclint.syntax import Unreadable, parse_plain
from fastapi_seclint.syntax.outline import STAND_INS, Asked, outline

Statement = cst.BaseCompoundStatement | cst.BaseSmallStatement
Extent = tuple[int, int]

STATEMENTS = (cst.BaseCompoundStatement, cst.BaseSmallStatement)
_GAP = r"(?:#[^\r\n]*(?=[\r\n])|[ \t\f\r\n]|\\(?=[\r\n]))*"
_ODD = re.compile(r"[^\S\n\t ]|[\x00-\x08]")
_OPEN = re.compile(rf"\({_GAP}\Z")
_CLOSE = re.compile(rf"{_GAP}\)")


class Tree:
    """The parsed text of one file. Offsets are those of `text`; raises `EditError` when LibCST cannot read it.

    With lines only what stands on or beside them is there in full, which is read faster. `width` is the line length
    that the project states.
    """

    def __init__(self, source: str, asked: Asked | None = None, width: int | None = None) -> None:
        self.text = Text(source)
        self.width = width
        plain = _plain(source)
        if asked is not None and not _ODD.search(plain):
            plain = outline(plain, asked)
        self.module = _parsed(plain, "the file cannot be parsed")
        self.indent_unit = self.module.default_indent
        try:
            if _ODD.search(plain) and self.module.code != plain:
                raise EditError("the file holds characters between its tokens that an edit could lose")
            # `MetadataWrapper.resolve` would visit the whole tree once more, for providers that nobody asked for.
            found = PositionProvider()._gen(MetadataWrapper(self.module, unsafe_skip_copy=True))
            self._places = cast("Mapping[cst.CSTNode, CodeRange]", found)
        except RecursionError:
            raise EditError("the file is nested too deeply to be edited") from None

    @cached_property
    def room(self) -> Room:
        """How much room the file's lines have."""
        return Room(self.width or line_limit(self.text.code), self.indent_unit)

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        parents: dict[cst.CSTNode, cst.CSTNode] = {}
        pending: list[cst.CSTNode] = [self.module]
        while pending:
            node = pending.pop()
            for child in _children(node):
                parents[child] = node
                pending.append(child)
        return parents

    @cached_property
    def _starting(self) -> Mapping[int, Sequence[cst.CSTNode]]:
        """The nodes by the line that they start on, their own parentheses and decorators not counted."""
        starting: dict[int, list[cst.CSTNode]] = {}
        for node, place in self._places.items():
            starting.setdefault(place.start.line, []).append(node)
        return starting

    @cached_property
    def _wrapped(self) -> Sequence[cst.CSTNode]:
        """The expressions in parentheses of their own, which may start lines above."""
        return [node for node in self._places if _parentheses(node)]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that a node is a child of; None for the module."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, from the inside out."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def start(self, node: cst.CSTNode) -> int:
        """The offset at which a node starts, its own parentheses and decorators not counted."""
        place = self._places[node].start
        return self.text.offset(place.line, place.column + 1)

    def end(self, node: cst.CSTNode) -> int:
        """The offset at which a node ends."""
        place = self._places[node].end
        return self.text.offset(place.line, place.column + 1)

    def extent(self, node: cst.CSTNode) -> Extent:
        """Where a node stands, with all its parentheses."""
        return self._extents(node)[-1]

    def _extents(self, node: cst.CSTNode) -> list[Extent]:
        start, end = self.start(node), self.end(node)
        extents = [(start, end)]
        for _ in _parentheses(node):
            opening = self._before(start)
            closing = _CLOSE.match(self.text.code, end)
            if opening is None or closing is None:
                break
            start, end = opening, closing.end()
            extents.append((start, end))
        return extents

    def _before(self, offset: int) -> int | None:
        """The offset of the parenthesis that opens before an offset, over blank space and comments."""
        at = self.text.code.rfind("(", 0, offset)
        while at >= 0:
            if _OPEN.match(self.text.code[at:offset]):
                return at
            at = self.text.code.rfind("(", 0, at)
        return None

    def expression(self, span: Span, *kinds: type[Any]) -> Any:
        """The expression (or class definition) of some kind at a span; raises `EditError` when none stands there."""
        wanted = self.text.extent(span)
        for node in (*self._starting.get(span.line, ()), *self._wrapped):
            if isinstance(node, kinds) and wanted in self._extents(node):
                return node
        names = " or ".join(kind.__name__.removeprefix("Base").lower() for kind in kinds)
        raise EditError(f"no {names} at line {span.line}, column {span.column}")

    def nodes(self, *kinds: type[Any]) -> Iterator[Any]:
        """The nodes of some kinds."""
        yield from (node for node in self._places if isinstance(node, kinds))

    def statement(self, span: Span) -> Statement:
        """The statement at a span: one that starts and ends there, else the outermost that starts there."""
        start, end = self.text.extent(span)
        near = self._starting.get(span.line, ())
        starting = [node for node in near if isinstance(node, STATEMENTS) and self.start(node) == start]
        exact = [node for node in starting if self.end(node) == end]
        if not starting:
            raise EditError(f"no statement starts at line {span.line}, column {span.column}")
        return (exact or sorted(starting, key=self.end, reverse=True))[0]

    def definition(self, span: Span) -> cst.FunctionDef | cst.ClassDef:
        """The function or class whose `def` or `class` line starts at a span."""
        start = self.text.offset(span.line, span.column)
        for node in self._starting.get(span.line, ()):
            if isinstance(node, cst.FunctionDef | cst.ClassDef) and self.start(node) == start:
                return node
        raise EditError(f"no function or class starts at line {span.line}, column {span.column}")

    def handler(self, start: int) -> cst.ExceptHandler:
        """The `except` that starts at an offset; raises `EditError` when none does."""
        for node in self._places:
            if isinstance(node, cst.ExceptHandler) and self.start(node) == start:
                return node
        raise EditError("no except starts there")

    def is_written(self, node: cst.CSTNode) -> bool:
        """Whether a statement stands in the text; one that an outline has in place of others ends where they did."""
        if not isinstance(node, cst.SimpleStatementLine) or len(node.body) > 1:
            return True
        only = node.body[0]
        if not isinstance(only, cst.Pass | cst.Expr):
            return True
        word = self.module.code_for_node(only)
        start = self.start(node.body[0])
        return word not in STAND_INS or re.match(rf"{word}[ \t]*(?:#|$)", self.text.code[start:], re.M) is not None

    def whole_start(self, node: cst.CSTNode) -> int:
        """The offset at which a statement starts, decorators included."""
        decorators: Sequence[cst.Decorator] = getattr(node, "decorators", ())
        return self.start(decorators[0]) if decorators else self.start(node)


@cache
def _field_names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes right below a node; `node.children` gives the same at many times the cost."""
    for name in _field_names(type(node)):
        value = getattr(node, name)
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, cst.CSTNode):
                yield item


def _parentheses(node: cst.CSTNode) -> Sequence[cst.LeftParen]:
    return node.lpar if isinstance(node, cst.BaseExpression) else ()


def _first_line(error: Exception) -> str:
    return (getattr(error, "message", "") or str(error) or type(error).__name__).split("\n")[0]


@lru_cache(maxsize=16)
def tree_of(source: str, asked: Asked | None = None, width: int | None = None) -> Tree:
    """The tree of a text, or of what stands on some of its lines, kept for the other fixes of the same file."""
    return Tree(source, asked, width)


def check_parses(tree: Tree, splices: Sequence[Splice]) -> None:
    """Raise `EditError` unless what the splices make of the top-level statements that they touch can be read."""
    text = tree.text
    starts = (tree.whole_start(node) for node in tree.module.body[1:] if tree.is_written(node))
    cuts = [0, *map(text.line_start, starts), len(text.code)]
    runs: list[list[int]] = []
    for splice in splices:
        first = bisect_right(cuts, splice.start, hi=len(cuts) - 1) - 1
        last = max(first, bisect_left(cuts, splice.end) - 1)
        if splice.start == splice.end == cuts[first]:  # what is inserted there may belong to the statement above
            first = max(first - 1, 0)
        if runs and first <= runs[-1][1]:
            runs[-1][1] = max(runs[-1][1], last)
        else:
            runs.append([first, last])
    for first, last in runs:
        start, end = cuts[first], cuts[last + 1]
        inside = [splice for splice in splices if start <= splice.start and splice.end <= end]
        shifted = [Splice(one.start - start, one.end - start, one.content) for one in inside]
        _check_reads(_plain(Text(text.code[start:end]).spliced(shifted)))


def _check_reads(code: str) -> None:
    try:
        parse_plain(code)
    except (SyntaxError, Unreadable):  # the interpreter may be older than the syntax
        _parsed(code, "the result does not parse")


def _plain(source: str) -> str:
    return re.sub(r"\r\n?", "\n", source.removeprefix(BOM))


def _parsed(code: str, complaint: str) -> cst.Module:
    try:
        return cst.parse_module(code)
    except (cst.ParserSyntaxError, RecursionError) as error:
        raise EditError(f"{complaint}: {_first_line(error)}") from None


def parsed_statements(code: str) -> Sequence[cst.BaseStatement]:
    """The statements that code to insert consists of; raises `EditError` when it is none."""
    try:
        return cst.parse_module(code).body
    except cst.ParserSyntaxError as error:
        raise EditError(f"the code to insert does not parse: {_first_line(error)}") from None


def parsed_expression(code: str) -> cst.BaseExpression:
    """The expression that code to insert is; raises `EditError` when it is none."""
    try:
        return cst.parse_expression(code)
    except cst.ParserSyntaxError as error:
        raise EditError(f"the code to insert is no expression: {_first_line(error)}") from None
