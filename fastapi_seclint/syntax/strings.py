"""PEP 701 f-strings and PEP 750 t-strings as the `JoinedStr` nodes of an older interpreter."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import CodeRange

from fastapi_seclint.syntax import Unreadable, parse_plain

StringNode = cst.FormattedString | cst.TemplatedString | cst.ConcatenatedString
_Field = cst.FormattedStringExpression | cst.TemplatedStringExpression

_Made = TypeVar("_Made", bound=ast.expr)

_RENDER = cst.Module(body=[]).code_for_node
_BARE_QUOTE = re.compile(r"\\.|\"", re.DOTALL)


class Strings:
    """The strings of one text that need a placeholder in it, and the nodes that replace the placeholders.

    A placeholder is a name in brackets, `(_)`, as large as the string: it can stand wherever an f-string can.
    """

    def __init__(self, text: str, place: Callable[[cst.CSTNode], CodeRange]) -> None:
        self._lines = text.split("\n")
        self._place = place
        self._nodes: dict[tuple[int, int], ast.expr] = {}

    def is_newer(self, code: str) -> bool:
        """Whether the interpreter cannot parse a string whose source is `code`."""
        try:
            parse_plain(f"({code})")
        except SyntaxError:
            return True
        return False

    def placeholder(self, node: StringNode, code: str) -> str:
        """What stands in the text for the string."""
        line, column = self._bytes(self._place(node).start.line, self._place(node).start.column)
        self._nodes[line, column + 1] = self._joined(node)
        first, *others = code.split("\n")
        pad = "(_" + " " * (len(first.encode()) - 2)
        if not others:
            return pad[:-1] + ")"
        return "\n".join((pad, *("" for _ in others[1:]), " " * (len(others[-1].encode()) - 1) + ")"))

    def put_into(self, tree: ast.Module) -> None:
        """Replace the placeholders in the tree of the text."""
        if not self._nodes:
            return
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if isinstance(value, list):
                    value[:] = [self._replaced(item) for item in value]
                else:
                    setattr(parent, name, self._replaced(value))

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, ast.Name) and value.id == "_":
            return self._nodes.get((value.lineno, value.col_offset), value)
        return value

    def _bytes(self, line: int, column: int) -> tuple[int, int]:
        """A line and the UTF-8 byte column for a character column."""
        return line, len(self._lines[line - 1][:column].encode())

    def _joined(self, node: StringNode) -> ast.JoinedStr:
        values: list[ast.expr] = []
        for value in self._values(node):
            before = values[-1] if values else None
            if isinstance(value, ast.Constant) and isinstance(before, ast.Constant):
                before.value = str(before.value) + str(value.value)
            else:
                values.append(value)
        kept = [value for value in values if not isinstance(value, ast.Constant) or value.value]
        return self._at(node, ast.JoinedStr(values=kept))

    def _values(self, node: cst.BaseString | StringNode) -> Iterator[ast.expr]:
        if isinstance(node, cst.ConcatenatedString):
            yield from self._values(node.left)
            yield from self._values(node.right)
        elif isinstance(node, cst.SimpleString):
            yield self._at(node, ast.Constant(value=_evaluated(node.value, self._place(node).start.line)))
        elif isinstance(node, (cst.FormattedString, cst.TemplatedString)):
            yield from self._parts(node.parts, raw="r" in node.start.lower())

    def _parts(self, parts: Sequence[cst.CSTNode], *, raw: bool) -> Iterator[ast.expr]:
        for part in parts:
            if isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
                yield from self._field(part, raw=raw)
            elif isinstance(part, (cst.FormattedStringText, cst.TemplatedStringText)):
                literal = part.value.replace("{{", "{").replace("}}", "}")
                if not raw:
                    quoted = _BARE_QUOTE.sub(lambda found: '\\"' if found[0] == '"' else found[0], literal)
                    literal = _evaluated(f'"""{quoted}"""', self._place(part).start.line)
                yield self._at(part, ast.Constant(value=literal))

    def _field(self, part: _Field, *, raw: bool) -> Iterator[ast.expr]:
        value = self._expression(part.expression)
        conversion = ord(part.conversion) if part.conversion else -1
        if part.equal is not None:
            shown = (part.whitespace_before_expression, part.expression, part.equal)
            yield self._at(part, ast.Constant(value="".join(map(_RENDER, shown))))
            if part.conversion is None and part.format_spec is None:
                conversion = ord("r")
        spec = None
        if part.format_spec is not None:
            spec = self._at(part, ast.JoinedStr(values=list(self._parts(part.format_spec, raw=raw))))
        yield self._at(part, ast.FormattedValue(value=value, conversion=conversion, format_spec=spec))

    def _expression(self, node: cst.BaseExpression) -> ast.expr:
        """The expression of a replacement field, at its place in the text."""
        from fastapi_seclint.syntax.rewriting import parse_inside

        code = f"({self._code(node)}\n)"
        start = self._place(node).start
        try:
            try:
                tree = parse_plain(code)
            except SyntaxError as error:
                tree = parse_inside(code, error)
        except Unreadable as error:
            raise Unreadable(start.line + error.line - 1, error.message) from error
        statement = tree.body[0]
        assert isinstance(statement, ast.Expr), "brackets hold an expression"
        line, column = self._bytes(start.line, start.column)
        for inner in ast.walk(statement.value):
            if isinstance(inner, (ast.expr, ast.arg, ast.keyword)):
                _shift(inner, line - 1, column - 1)
        return statement.value

    def _code(self, node: cst.CSTNode) -> str:
        place = self._place(node)
        lines = self._lines[place.start.line - 1 : place.end.line]
        lines[-1] = lines[-1][: place.end.column]
        lines[0] = lines[0][place.start.column :]
        return "\n".join(lines)

    def _at(self, node: cst.CSTNode, made: _Made) -> _Made:
        """The same node with the place of a LibCST node."""
        place = self._place(node)
        made.lineno, made.col_offset = self._bytes(place.start.line, place.start.column)
        made.end_lineno, made.end_col_offset = self._bytes(place.end.line, place.end.column)
        return made


def _shift(node: ast.expr | ast.arg | ast.keyword, lines: int, columns: int) -> None:
    """Move a node down, and to the right where it stands on the first line."""
    if node.lineno == 1:
        node.col_offset += columns
    if node.end_lineno == 1:
        node.end_col_offset = (node.end_col_offset or 0) + columns
    node.lineno += lines
    node.end_lineno = (node.end_lineno or 1) + lines


def _evaluated(literal: str, line: int) -> str:
    """The value of a string literal; raises Unreadable with the line given."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(literal)
    except (SyntaxError, ValueError) as error:
        raise Unreadable(line, "a string literal has an invalid escape") from error
    if not isinstance(value, str):
        raise Unreadable(line, "cannot mix bytes and nonbytes literals")
    return value
