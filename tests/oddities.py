"""Code that nobody writes: a program's own text with calls, names and arguments in other shapes, still valid Python."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable


def odd(source: str, seed: int, share: float = 0.25) -> str:
    """The program with about `share` of its expressions in odd shapes; a text that is no program stays as it is."""
    try:
        tree = _Odd(random.Random(seed), share).visit(ast.parse(source))
    except (SyntaxError, ValueError):
        return source
    return ast.unparse(ast.fix_missing_locations(tree))


class _Odd(ast.NodeTransformer):
    def __init__(self, chance: random.Random, share: float) -> None:
        self.chance = chance
        self.share = share

    def shaped(self, node: ast.expr, shapes: list[Callable[[ast.expr], ast.expr]]) -> ast.expr:
        """The node, or one of the shapes of it."""
        return self.chance.choice(shapes)(node) if self.chance.random() < self.share else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        node.func = self.shaped(node.func, [_called, _item, _either, _lambda, _chosen])
        if node.args and self.chance.random() < self.share:
            node.args = [ast.Starred(node.args[0]), *node.args[1:]]
        if node.keywords and self.chance.random() < self.share:
            node.keywords = [ast.keyword(None, node.keywords[0].value), *node.keywords[1:]]
        return self.shaped(node, [_awaited, _item, _walrus, _chosen])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.shaped(node, [_item, _called, _chosen, _either]) if isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            return self.shaped(node, [_item, _called, _lambda])
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self.shaped(node, [_text, _either, _chosen]) if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        if self.chance.random() < self.share:
            node.targets = [
                ast.Tuple([*node.targets, ast.Starred(ast.Name("rest", ast.Store()), ast.Store())], ast.Store())
            ]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        return node if isinstance(node.value, ast.Constant) else ast.Expr(self.visit(node.value))

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        node.defaults = [self.visit(default) for default in node.defaults]
        return node


def _called(node: ast.expr) -> ast.expr:
    return ast.Call(node, [], [])


def _item(node: ast.expr) -> ast.expr:
    return ast.Subscript(node, ast.Constant(0), ast.Load())


def _either(node: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.Or(), [node, ast.Name("other", ast.Load())])


def _chosen(node: ast.expr) -> ast.expr:
    return ast.IfExp(ast.Name("flag", ast.Load()), node, ast.Constant(None))


def _lambda(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Lambda(ast.arguments([], [], None, [], [], None, []), node), [], [])


def _awaited(node: ast.expr) -> ast.expr:
    return ast.Await(node)


def _walrus(node: ast.expr) -> ast.expr:
    return ast.NamedExpr(ast.Name("made", ast.Store()), node)


def _text(node: ast.expr) -> ast.expr:
    return ast.JoinedStr([node, ast.FormattedValue(ast.Name("part", ast.Load()), -1, None)])
