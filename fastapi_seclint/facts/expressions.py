"""From the expressions of a syntax tree to forms: one pass over each node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from fastapi_seclint.facts.calls import RUNNERS, elsewhere, plain, run
from fastapi_seclint.facts.displays import flat, united
from fastapi_seclint.facts.forms import (
    KEYWORD_ONLY,
    KEYWORDS,
    MOST,
    POSITIONAL,
    POSITIONAL_ONLY,
    VARIADIC,
    Form,
    pack,
)
from fastapi_seclint.facts.texts import joined

Columns = Callable[[int, int], int]


class ExpressionBuilder:
    """Converts expressions.

    `columns` turns byte columns into character columns, which differ on `odd_lines` only. `renamed` has the names
    that stand for others, as `syntax.aliases` finds them.
    """

    def __init__(
        self,
        columns: Columns | None = None,
        odd_lines: frozenset[int] = frozenset(),
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.words: set[str] = set()
        self.casts: set[str] = set()
        self.spread: set[str] = set()
        self._add_word = self.words.add
        self._columns: Columns = columns or (lambda line, column: column)
        self._odd_lines = odd_lines if columns is not None else frozenset()
        self._at = _place if columns is None else self._place_in_characters
        self._renamed = renamed or {}
        self._yields = [False]
        self._table: dict[type[ast.AST], Callable[[Any], Form]] = {
            getattr(ast, name[1:]): getattr(self, name)
            for name in dir(self)
            if name[:1] == "_" and name[1:2].isupper() and hasattr(ast, name[1:])
        }

    def expression(self, node: ast.expr | None) -> Form | None:
        """The form of an expression, or None for none."""
        return self._table[type(node)](node) if node is not None else None

    def _expressions(self, nodes: list[ast.expr]) -> list[Form]:
        table = self._table
        return [table[type(node)](node) for node in nodes]

    def _place_in_characters(self, node: Any) -> int:
        line, end_line = node.lineno, node.end_lineno
        if line not in self._odd_lines and end_line not in self._odd_lines:
            return _place(node)
        column = self._columns(line, node.col_offset)
        return pack(line, column, end_line, self._columns(end_line, node.end_col_offset))

    def _Name(self, node: ast.Name) -> Form:
        name = node.id
        if name in self._renamed:
            return self._other_name(node, self._renamed[name])
        line, column = node.lineno, node.col_offset
        self._add_word(name)
        if column + len(name) >= MOST or line in self._odd_lines:
            return ["name", self._at(node), name]
        return ["name", line << 36 | column << 24 | column + len(name), name]

    def _other_name(self, node: ast.Name, name: str) -> Form:
        self.words.update((node.id, name))
        return ["name", self._at(node), name]

    def _Constant(self, node: ast.Constant) -> Form:
        value = node.value
        if value is None or isinstance(value, str | bool | float):
            return ["const", self._at(node), value]
        if isinstance(value, int):
            return ["const", self._at(node), value] if value.bit_length() < 64 else ["opaque", self._at(node)]
        if isinstance(value, bytes):
            return ["bytes", self._at(node), value.decode("latin-1")]
        return ["ellipsis" if value is ... else "opaque", self._at(node)]

    def _Attribute(self, node: ast.Attribute) -> Form:
        value = node.value
        self._add_word(node.attr)
        return ["attr", self._at(node), self._table[type(value)](value), node.attr]

    def _Call(self, node: ast.Call) -> Form:
        table = self._table
        if type(node.func) is ast.Name and node.func.id == "dict" and node.keywords and _is_told_more(node.args):
            return self._dict_of_keywords(node)
        if len(node.args) == 2 and self._is_cast(node.func):
            return self._believed(node)
        match node:
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(str(attribute))], []) if attribute.isidentifier():
                self.words.update(("getattr", attribute))
                return ["attr", self._at(node), self._table[type(owner)](owner), attribute]
        name = node.func.id if type(node.func) is ast.Name else getattr(node.func, "attr", "")
        name = self._renamed.get(name, name)
        if node.keywords:
            node = plain(node, name)
        if name in ("format", "join") and (text := joined(node)) is not None:
            return self._JoinedStr(text)
        if name in RUNNERS and (made := run(node, name)) is not None:
            self.expression(node.func)
            return self._table[type(made)](made)
        if type(node.func) is ast.Call and (made := elsewhere(node)) is not None:
            self.expression(node.func.func)
            return self._table[type(made)](made)
        return [
            "call",
            self._at(node),
            table[type(node.func)](node.func),
            [table[type(argument)](argument) for argument in node.args],
            self._keywords(node.keywords),
        ]

    def _is_cast(self, function: ast.expr) -> bool:
        """Whether a callee is `typing.cast` by the imports above it."""
        match function:
            case ast.Name(name):
                return name in self.casts
            case ast.Attribute(ast.Name(module), "cast"):
                return f"{module}.cast" in self.casts
        return False

    def _believed(self, node: ast.Call) -> Form:
        """`cast(Type, value)` as the value, which it is when the program runs."""
        self._add_word("cast")
        self.expression(node.args[0])
        return self._table[type(node.args[1])](node.args[1])

    def _dict_of_keywords(self, node: ast.Call) -> Form:
        """`dict(key=value, **rest)` and `dict(others, key=value)` as the display that it stands for."""
        self._add_word("dict")
        pairs: list[Form] = [[None, self.expression(item)] for item in node.args]
        for item in node.keywords:
            start = ast.Constant(item.arg, lineno=item.lineno, col_offset=item.col_offset)
            start.end_lineno, start.end_col_offset = item.lineno, item.col_offset + len((item.arg or "").encode())
            key = ["const", self._at(start), item.arg] if item.arg is not None else None
            pairs.append([key, self._table[type(item.value)](item.value)])
        return ["dict", self._at(node), flat(pairs)]

    def _keywords(self, nodes: list[ast.keyword]) -> list[Form]:
        self.spread.update(node.value.id for node in nodes if node.arg is None and isinstance(node.value, ast.Name))
        return [[node.arg, self._table[type(node.value)](node.value), self._at(node)] for node in nodes]

    def _Starred(self, node: ast.Starred) -> Form:
        return ["star", self._at(node), self.expression(node.value)]

    def _List(self, node: ast.List) -> Form:
        return ["list", self._at(node), self._expressions(node.elts)]

    def _Tuple(self, node: ast.Tuple) -> Form:
        return ["tuple", self._at(node), self._expressions(node.elts)]

    def _Set(self, node: ast.Set) -> Form:
        return ["set", self._at(node), self._expressions(node.elts)]

    def _Dict(self, node: ast.Dict) -> Form:
        pairs = zip(node.keys, node.values, strict=True)
        return ["dict", self._at(node), flat([[self.expression(key), self.expression(value)] for key, value in pairs])]

    def _Subscript(self, node: ast.Subscript) -> Form:
        return ["sub", self._at(node), self.expression(node.value), self.expression(node.slice)]

    def _Slice(self, node: ast.Slice) -> Form:
        bounds = [self.expression(bound) for bound in (node.lower, node.upper, node.step)]
        return ["slice", self._at(node), *bounds]

    def _BinOp(self, node: ast.BinOp) -> Form:
        if isinstance(node.op, ast.Add | ast.Mod) and (text := joined(node)) is not None:
            return self._JoinedStr(text)
        operator, left, right = OPERATORS[type(node.op)], self._side(node.left), self._side(node.right)
        display = united(self._at(node), left, right) if operator == "|" else None
        return display or ["binop", self._at(node), operator, left, right]

    def _side(self, node: ast.expr) -> Form:
        return self._table[type(node)](node)

    def _UnaryOp(self, node: ast.UnaryOp) -> Form:
        value = self._table[type(node.operand)](node.operand)
        match node.op, value:
            case ast.Not(), ["compare", _, left, [operator], right] if operator in OPPOSITES:
                return ["compare", self._at(node), left, [OPPOSITES[operator]], right]
        return value if isinstance(node.op, ast.UAdd) else ["unary", self._at(node), OPERATORS[type(node.op)], value]

    def _BoolOp(self, node: ast.BoolOp) -> Form:
        operator = "and" if isinstance(node.op, ast.And) else "or"
        return ["bool", self._at(node), operator, self._expressions(node.values)]

    def _Compare(self, node: ast.Compare) -> Form:
        operators = [OPERATORS[type(operator)] for operator in node.ops]
        return ["compare", self._at(node), self.expression(node.left), operators, self._expressions(node.comparators)]

    def _IfExp(self, node: ast.IfExp) -> Form:
        branches = [self.expression(branch) for branch in (node.test, node.body, node.orelse)]
        return ["ifexp", self._at(node), *branches]

    def _JoinedStr(self, node: ast.JoinedStr) -> Form:
        return ["fstr", self._at(node), self._expressions(node.values)]

    def _FormattedValue(self, node: ast.FormattedValue) -> Form:
        conversion = chr(node.conversion) if node.conversion > 0 else ""
        if isinstance(node.format_spec, ast.JoinedStr):
            parts = node.format_spec.values
            spec = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            conversion += f":{spec}" if spec else ""
        return ["fmt", self._at(node), self.expression(node.value), conversion]

    def _Lambda(self, node: ast.Lambda) -> Form:
        return ["lambda", self._at(node), self._parameters(node.args), self.expression(node.body)]

    def _comprehension_form(self, node: Any, kind: str, element: ast.expr, value: ast.expr | None) -> Form:
        clauses = [
            [self.expression(clause.target), self.expression(clause.iter), self._expressions(clause.ifs)]
            for clause in node.generators
        ]
        return ["comp", self._at(node), kind, self.expression(element), self.expression(value), clauses]

    def _ListComp(self, node: ast.ListComp) -> Form:
        return self._comprehension_form(node, "list", node.elt, None)

    def _SetComp(self, node: ast.SetComp) -> Form:
        return self._comprehension_form(node, "set", node.elt, None)

    def _GeneratorExp(self, node: ast.GeneratorExp) -> Form:
        return self._comprehension_form(node, "generator", node.elt, None)

    def _DictComp(self, node: ast.DictComp) -> Form:
        return self._comprehension_form(node, "dict", node.key, node.value)

    def _Await(self, node: ast.Await) -> Form:
        match node.value:
            case ast.Call(ast.Attribute(ast.Name("asyncio"), "gather") as function, [_, _, *_] as parts, []) if not any(
                isinstance(part, ast.Starred) for part in parts
            ):
                self.expression(function)
                awaited = [["await", self._at(part), self.expression(part)] for part in parts]
                return ["tuple", self._at(node), awaited]  # `a, b = await asyncio.gather(f(), g())`
        return ["await", self._at(node), self.expression(node.value)]

    def _Yield(self, node: ast.Yield) -> Form:
        self._yields[-1] = True
        return ["yield", self._at(node), self.expression(node.value)]

    def _YieldFrom(self, node: ast.YieldFrom) -> Form:
        self._yields[-1] = True
        return ["yieldfrom", self._at(node), self.expression(node.value)]

    def _NamedExpr(self, node: ast.NamedExpr) -> Form:
        return ["walrus", self._at(node), self.expression(node.target), self.expression(node.value)]

    def _parameters(self, node: ast.arguments) -> list[Form]:
        positional = [*node.posonlyargs, *node.args]
        defaults = [None] * (len(positional) - len(node.defaults)) + node.defaults
        forms = [
            self._parameter(argument, POSITIONAL_ONLY if index < len(node.posonlyargs) else POSITIONAL, default)
            for index, (argument, default) in enumerate(zip(positional, defaults, strict=True))
        ]
        if node.vararg:
            forms.append(self._parameter(node.vararg, VARIADIC, None))
        for argument, keyword_default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            forms.append(self._parameter(argument, KEYWORD_ONLY, keyword_default))
        if node.kwarg:
            forms.append(self._parameter(node.kwarg, KEYWORDS, None))
        return forms

    def _parameter(self, node: ast.arg, kind: int, default: ast.expr | None) -> Form:
        self._add_word(node.arg)
        return [node.arg, kind, self.expression(node.annotation), self.expression(default), self._at(node)]


def _is_told_more(others: list[ast.expr]) -> bool:
    """Whether `dict(...)` with keywords has them on top of nothing, or of one dictionary."""
    match others:
        case [] | [ast.Name() | ast.Attribute() | ast.Dict() | ast.Call(ast.Attribute())]:
            return True
    return False


def _place(node: Any) -> int:
    """The packed place of a node whose columns are characters; written out, since it runs once a node."""
    line: int = node.lineno
    column: int = node.col_offset
    lines: int = node.end_lineno - line
    end_column: int = node.end_col_offset
    if column | lines | end_column < MOST:
        return line << 36 | column << 24 | lines << 12 | end_column
    return pack(line, column, line + lines, end_column)


OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.Not: "not",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
"""How operators are written."""

OPPOSITES = {"==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in"}
"""What `not a == b` asks, and its like."""
