"""From a syntax tree to forms: one pass over each node."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from fastapi_seclint.facts.forms import (
    ASYNC,
    GENERATOR,
    KEYWORD_ONLY,
    KEYWORDS,
    MOST,
    POSITIONAL,
    POSITIONAL_ONLY,
    VARIADIC,
    Form,
    pack,
)
from fastapi_seclint.facts.matches import Matching

Columns = Callable[[int, int], int]


class Builder:
    """Converts one file's tree. `bodies` and `functions` grow in step.

    `columns` turns byte columns into character columns, which differ on `odd_lines` only. A function is its qualified
    name, its place and the number of the function around it (-1 for none).
    """

    def __init__(self, columns: Columns | None = None, odd_lines: frozenset[int] = frozenset()) -> None:
        self.bodies: list[list[Form]] = []
        self.functions: list[tuple[str, int, int]] = []
        self.words: set[str] = set()
        self._add_word = self.words.add
        self.imports: set[str] = set()
        self.decorators: set[str] = set()
        self._columns: Columns = columns or (lambda line, column: column)
        self._odd_lines = odd_lines if columns is not None else frozenset()
        self._at = _place if columns is None else self._place_in_characters
        self._scope: list[str] = []
        self._around = [-1]
        self._yields = [False]
        self._table: dict[type[ast.AST], Callable[[Any], Form]] = {
            getattr(ast, name[1:]): getattr(self, name) for name in dir(self) if name[:1] == "_" and name[1:2].isupper()
        }

    def statements(self, nodes: list[ast.stmt]) -> list[Form]:
        """The forms of a block."""
        table = self._table
        return [table[type(node)](node) for node in nodes]

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

    # Expressions

    def _Name(self, node: ast.Name) -> Form:
        name = node.id
        line, column = node.lineno, node.col_offset
        self._add_word(name)
        if column + len(name) >= MOST or line in self._odd_lines:
            return ["name", self._at(node), name]
        return ["name", line << 36 | column << 24 | column + len(name), name]

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
        return [
            "call",
            self._at(node),
            table[type(node.func)](node.func),
            [table[type(argument)](argument) for argument in node.args],
            self._keywords(node.keywords),
        ]

    def _keywords(self, nodes: list[ast.keyword]) -> list[Form]:
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
        return ["dict", self._at(node), [[self.expression(key), self.expression(value)] for key, value in pairs]]

    def _Subscript(self, node: ast.Subscript) -> Form:
        return ["sub", self._at(node), self.expression(node.value), self.expression(node.slice)]

    def _Slice(self, node: ast.Slice) -> Form:
        bounds = [self.expression(bound) for bound in (node.lower, node.upper, node.step)]
        return ["slice", self._at(node), *bounds]

    def _BinOp(self, node: ast.BinOp) -> Form:
        operator = _OPERATORS[type(node.op)]
        return ["binop", self._at(node), operator, self.expression(node.left), self.expression(node.right)]

    def _UnaryOp(self, node: ast.UnaryOp) -> Form:
        return ["unary", self._at(node), _OPERATORS[type(node.op)], self.expression(node.operand)]

    def _BoolOp(self, node: ast.BoolOp) -> Form:
        operator = "and" if isinstance(node.op, ast.And) else "or"
        return ["bool", self._at(node), operator, self._expressions(node.values)]

    def _Compare(self, node: ast.Compare) -> Form:
        operators = [_OPERATORS[type(operator)] for operator in node.ops]
        return ["compare", self._at(node), self.expression(node.left), operators, self._expressions(node.comparators)]

    def _IfExp(self, node: ast.IfExp) -> Form:
        branches = [self.expression(branch) for branch in (node.test, node.body, node.orelse)]
        return ["ifexp", self._at(node), *branches]

    def _JoinedStr(self, node: ast.JoinedStr) -> Form:
        return ["fstr", self._at(node), self._expressions(node.values)]

    def _FormattedValue(self, node: ast.FormattedValue) -> Form:
        conversion = chr(node.conversion) if node.conversion > 0 else ""
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
        return ["await", self._at(node), self.expression(node.value)]

    def _Yield(self, node: ast.Yield) -> Form:
        self._yields[-1] = True
        return ["yield", self._at(node), self.expression(node.value)]

    def _YieldFrom(self, node: ast.YieldFrom) -> Form:
        self._yields[-1] = True
        return ["yieldfrom", self._at(node), self.expression(node.value)]

    def _NamedExpr(self, node: ast.NamedExpr) -> Form:
        return ["walrus", self._at(node), self.expression(node.target), self.expression(node.value)]

    # Statements

    def _Expr(self, node: ast.Expr) -> Form:
        return ["expr", self._at(node), self.expression(node.value)]

    def _Assign(self, node: ast.Assign) -> Form:
        return ["assign", self._at(node), self._expressions(node.targets), self.expression(node.value)]

    def _AnnAssign(self, node: ast.AnnAssign) -> Form:
        parts = [self.expression(part) for part in (node.target, node.annotation, node.value)]
        return ["annassign", self._at(node), *parts]

    def _AugAssign(self, node: ast.AugAssign) -> Form:
        operator = _OPERATORS[type(node.op)]
        return ["augassign", self._at(node), operator, self.expression(node.target), self.expression(node.value)]

    def _FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Form:
        self._add_word(node.name)
        number = len(self.bodies)
        at = self._header(node, "async def " if isinstance(node, ast.AsyncFunctionDef) else "def ")
        self.bodies.append([])
        self.functions.append((".".join([*self._scope, node.name]), at, self._around[-1]))
        self.decorators.update(
            item.func.attr
            for item in node.decorator_list
            if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute)
        )
        decorators = self._expressions(node.decorator_list)
        parameters = self._parameters(node.args)
        returns = self.expression(node.returns)
        self._scope += [node.name, "<locals>"]
        self._yields.append(False)
        self._around.append(number)
        self.bodies[number] = self.statements(node.body)
        flags = GENERATOR if self._yields.pop() else 0
        self._around.pop()
        del self._scope[-2:]
        if isinstance(node, ast.AsyncFunctionDef):
            flags |= ASYNC
        return ["def", at, number, node.name, flags, parameters, decorators, returns]

    _AsyncFunctionDef = _FunctionDef

    def _header(self, node: Any, keyword: str) -> int:
        """The place of a definition's first line, up to the end of its name."""
        column = self._columns(node.lineno, node.col_offset)
        return pack(node.lineno, column, node.lineno, column + len(keyword) + len(node.name))

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

    def _ClassDef(self, node: ast.ClassDef) -> Form:
        self._add_word(node.name)
        decorators = self._expressions(node.decorator_list)
        bases, keywords = self._expressions(node.bases), self._keywords(node.keywords)
        self._scope.append(node.name)
        body = self.statements(node.body)
        self._scope.pop()
        return ["class", self._header(node, "class "), node.name, bases, keywords, decorators, body]

    def _Return(self, node: ast.Return) -> Form:
        return ["return", self._at(node), self.expression(node.value)]

    def _Raise(self, node: ast.Raise) -> Form:
        return ["raise", self._at(node), self.expression(node.exc), self.expression(node.cause)]

    def _Assert(self, node: ast.Assert) -> Form:
        return ["assert", self._at(node), self.expression(node.test), self.expression(node.msg)]

    def _Delete(self, node: ast.Delete) -> Form:
        return ["delete", self._at(node), self._expressions(node.targets)]

    def _If(self, node: ast.If) -> Form:
        test = self.expression(node.test)
        return ["if", self._at(node), test, self.statements(node.body), self.statements(node.orelse)]

    def _For(self, node: ast.For | ast.AsyncFor) -> Form:
        head = [self.expression(node.target), self.expression(node.iter)]
        return ["for", self._at(node), *head, self.statements(node.body), self.statements(node.orelse)]

    _AsyncFor = _For

    def _While(self, node: ast.While) -> Form:
        test = self.expression(node.test)
        return ["while", self._at(node), test, self.statements(node.body), self.statements(node.orelse)]

    def _With(self, node: ast.With | ast.AsyncWith) -> Form:
        items = [[self.expression(item.context_expr), self.expression(item.optional_vars)] for item in node.items]
        return ["with", self._at(node), items, self.statements(node.body)]

    _AsyncWith = _With

    def _Try(self, node: Any) -> Form:
        body = self.statements(node.body)
        handlers = [
            [self.expression(handler.type), handler.name, self.statements(handler.body), self._at(handler)]
            for handler in node.handlers
        ]
        return ["try", self._at(node), body, handlers, self.statements(node.orelse), self.statements(node.finalbody)]

    _TryStar = _Try

    def _Import(self, node: ast.Import) -> Form:
        names = [[alias.name, alias.asname] for alias in node.names]
        self.imports.update(alias.name for alias in node.names)
        self.words.update(part for alias in node.names for part in alias.name.split("."))
        return ["import", self._at(node), names]

    def _ImportFrom(self, node: ast.ImportFrom) -> Form:
        module = node.module or ""
        if not node.level:
            self.imports.add(module)
        self.words.update(module.split("."))
        self.words.update(alias.name for alias in node.names)
        return ["from", self._at(node), node.level, module, [[alias.name, alias.asname] for alias in node.names]]

    def _Global(self, node: ast.Global) -> Form:
        return ["global", self._at(node), node.names]

    def _Nonlocal(self, node: ast.Nonlocal) -> Form:
        return ["nonlocal", self._at(node), node.names]

    def _Pass(self, node: ast.stmt) -> Form:
        return ["pass", self._at(node)]

    def _Break(self, node: ast.stmt) -> Form:
        return ["break", self._at(node)]

    def _Continue(self, node: ast.stmt) -> Form:
        return ["continue", self._at(node)]

    def _Match(self, node: ast.Match) -> Form:
        return Matching(self, self._at).form(node)


def _place(node: Any) -> int:
    """The packed place of a node whose columns are characters; written out, since it runs once a node."""
    line: int = node.lineno
    column: int = node.col_offset
    lines: int = node.end_lineno - line
    end_column: int = node.end_col_offset
    if column | lines | end_column < MOST:
        return line << 36 | column << 24 | lines << 12 | end_column
    return pack(line, column, line + lines, end_column)


_OPERATORS: dict[type[ast.AST], str] = {
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
