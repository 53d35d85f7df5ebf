"""From a syntax tree to forms: one pass over each node."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from fastapi_seclint.facts.displays import filled
from fastapi_seclint.facts.expressions import OPERATORS, Columns, ExpressionBuilder
from fastapi_seclint.facts.forms import ASYNC, GENERATOR, Form, pack
from fastapi_seclint.facts.matches import Matching
from fastapi_seclint.facts.ordered import ordered, returned_in_place, tested_in_place
from fastapi_seclint.facts.refusing import checks, refuses
from fastapi_seclint.facts.spreads import told_by_name
from fastapi_seclint.facts.written_in import written_in

_TYPING = ("typing", "typing_extensions")


class Builder(ExpressionBuilder):
    """Converts one file's tree. `bodies` and `functions` grow in step.

    A function is its qualified name, its place and the number of the function around it (-1 for none). `annotations`
    has those of the assignments in functions, with the places of the statements, and `results` the names of what is
    returned where it is made, with the places of the `return` statements.
    """

    def __init__(
        self,
        columns: Columns | None = None,
        odd_lines: frozenset[int] = frozenset(),
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(columns, odd_lines, renamed)
        self.bodies: list[list[Form]] = []
        self.functions: list[tuple[str, int, int]] = []
        self.imports: set[str] = set()
        self.decorators: set[str] = set()
        self.refusers: list[int] = []
        self.annotations: list[tuple[int, Form | None]] = []
        self.results: list[tuple[int, str]] = []
        self._scope: list[str] = []
        self._around = [-1]
        self._tested: set[str] = set()
        self._returned: set[str] = set()
        self._annotated: set[int] = set()

    def statements(self, nodes: list[ast.stmt]) -> list[Form]:
        """The forms of a block; in a function they are in the plain order."""
        table = self._table
        forms: list[Form] = []
        for node in nodes:
            form = table[type(node)](node)
            whole = filled(forms[-1], form) if forms and form[0] in ("expr", "augassign") else None
            if whole is not None:
                forms[-1] = whole
            else:
                forms.append(form)
        return ordered(forms, self._tested, self._returned) if self._around[-1] >= 0 else forms

    def _in_place(self, body: list[Form], inner: list[list[Form]]) -> list[Form]:
        """A function's statements without the names that only stand between an expression and its use."""
        body = told_by_name(body, self.spread, inner) if self.spread else body
        body = tested_in_place(body, self._tested, inner) if self._tested else body
        if self._returned:
            body, results = returned_in_place(body, self._returned, inner, self._annotated)
            self.results += results
        return body

    def module(self, nodes: list[ast.stmt]) -> list[Form]:
        """The forms of a whole file."""
        body = self.statements(nodes)
        return told_by_name(body, self.spread, self.bodies) if self.spread else body

    def _Expr(self, node: ast.Expr) -> Form:
        return ["expr", self._at(node), self.expression(node.value)]

    def _Assign(self, node: ast.Assign) -> Form:
        match node:
            case ast.Assign([ast.Name() as target], ast.Lambda() as function):
                return self._named_lambda(node, target.id, function)
        return ["assign", self._at(node), self._expressions(node.targets), self.expression(node.value)]

    def _AnnAssign(self, node: ast.AnnAssign) -> Form:
        """In a function it is an assignment as any other; what it is annotated with is kept beside the statements."""
        at = self._at(node)
        target, annotation, value = map(self.expression, (node.target, node.annotation, node.value))
        if value is None or not self._scope or self._scope[-1] != "<locals>":
            return ["annassign", at, target, annotation, value]
        self.annotations.append((at, annotation))
        self._annotated.add(at)
        return ["assign", at, [target], value]

    def _TypeAlias(self, node: Any) -> Form:
        """`type Names = list[str]`: a tree has it from Python 3.12 on, and what `syntax` makes of it before that."""
        return ["assign", self._at(node), [self.expression(node.name)], self.expression(node.value)]

    def _TemplateStr(self, node: Any) -> Form:
        """`t"..."`: a tree has it from Python 3.14 on."""
        return self._JoinedStr(node)

    def _Interpolation(self, node: Any) -> Form:
        return self._FormattedValue(node)

    def _AugAssign(self, node: ast.AugAssign) -> Form:
        operator = OPERATORS[type(node.op)]
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
        noted = self.spread, self._tested, self._returned
        self.spread, self._tested, self._returned = set(), set(), set()
        body = self._in_place(self.statements(node.body), self.bodies[number + 1 :])
        self.spread, self._tested, self._returned = noted
        if len(self.bodies) > number + 1 and not self._yields[-1]:
            body = self._written_in(number, body, parameters, isinstance(node, ast.AsyncFunctionDef))
        self.bodies[number] = body
        if len(self._around) == 2 and (refuses(body) or checks(body, parameters)):
            self.refusers.append(number)
        flags = GENERATOR if self._yields.pop() else 0
        self._around.pop()
        del self._scope[-2:]
        if isinstance(node, ast.AsyncFunctionDef):
            flags |= ASYNC
        return ["def", at, number, node.name, flags, parameters, decorators, returns]

    _AsyncFunctionDef = _FunctionDef

    def _written_in(self, number: int, body: list[Form], parameters: list[Form], waits: bool) -> list[Form]:
        """A function's statements with those of inner functions in place of their only calls."""
        inside = dict(enumerate(self.bodies[number + 1 :], number + 1))
        found = written_in(body, parameters, ASYNC if waits else 0, inside)
        for gone in found.gone:
            self.bodies[gone] = []
            for index in inside:
                name, at, around = self.functions[index]
                self.functions[index] = (name, at, number if around == gone else around)
        self.annotations += found.told
        self._annotated.update(at for at, _ in found.told)
        return found.body

    def _named_lambda(self, node: ast.Assign, name: str, function: ast.Lambda) -> Form:
        """`name = lambda x: ...` as the function that it defines."""
        self._add_word(name)
        number = len(self.bodies)
        at = self._at(node)
        self.bodies.append([])
        self.functions.append((".".join([*self._scope, name]), at, self._around[-1]))
        parameters = self._parameters(function.args)
        self._scope += [name, "<locals>"]
        self._around.append(number)
        self.bodies[number] = [["return", self._at(function.body), self.expression(function.body)]]
        self._around.pop()
        del self._scope[-2:]
        return ["def", at, number, name, 0, parameters, [], None]

    def _header(self, node: Any, keyword: str) -> int:
        """The place of a definition's first line, up to the end of its name."""
        column = self._columns(node.lineno, node.col_offset)
        return pack(node.lineno, column, node.lineno, column + len(keyword) + len(node.name))

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
        names = self._imported_names(node.names)
        self.casts.update(f"{asname or name}.cast" for name, asname in names if name in _TYPING)
        self.imports.update(alias.name for alias in node.names)
        self.words.update(part for alias in node.names for part in alias.name.split("."))
        return ["import", self._at(node), names]

    def _ImportFrom(self, node: ast.ImportFrom) -> Form:
        module, names = node.module or "", self._imported_names(node.names)
        if not node.level:
            self.imports.add(module)
        if module in _TYPING:
            self.casts.update(asname or name for name, asname in names if name == "cast")
        self.words.update(module.split("."))
        self.words.update(alias.name for alias in node.names)
        return ["from", self._at(node), node.level, module, names]

    def _imported_names(self, names: list[ast.alias]) -> list[tuple[str, str | None]]:
        """What an import brings in, and under which names: that which everybody knows, too, where facts use it."""
        found = [(alias.name, alias.asname) for alias in names]
        for name, asname in [*found]:
            called = self._renamed.get(asname or "")
            if called is not None and called == name.rpartition(".")[2]:
                found.append((name, called if called != name else None))
        return found

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
