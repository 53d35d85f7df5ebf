"""Expressions as other people write them: texts that are put together, options in dictionaries, answers with names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from rewrites import Definition, Rewrite, each_file


class _Texts(ast.NodeTransformer):
    """Writes f-strings without format specifiers in another way."""

    def __init__(self, write: Callable[[list[ast.expr]], ast.expr]) -> None:
        self.write = write
        self.changed = False

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        self.generic_visit(node)
        values = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        if not values or any(part.format_spec is not None or part.conversion not in (-1, 115) for part in values):
            return node
        self.changed = True
        return self.write(node.values)


def _written(part: ast.expr) -> ast.expr:
    return _call(ast.Name("str", ast.Load()), part.value) if isinstance(part, ast.FormattedValue) else part


def _call(function: ast.expr, *given: ast.expr) -> ast.Call:
    return ast.Call(function, [*given], [])


def _template(parts: list[ast.expr], hole: str, doubled: str) -> tuple[ast.Constant, list[ast.expr]]:
    """The text with holes that an f-string is, and what goes into them."""
    texts = [
        "".join(letter * 2 if letter in doubled else letter for letter in str(part.value))
        if isinstance(part, ast.Constant)
        else hole
        for part in parts
    ]
    return ast.Constant("".join(texts)), [part.value for part in parts if isinstance(part, ast.FormattedValue)]


def _added(parts: list[ast.expr]) -> ast.expr:
    whole = _written(parts[0])
    for part in parts[1:]:
        whole = ast.BinOp(whole, ast.Add(), _written(part))
    return whole if len(parts) > 1 else ast.BinOp(ast.Constant(""), ast.Add(), whole)


def _filled(parts: list[ast.expr]) -> ast.expr:
    text, values = _template(parts, "%s", "%")
    return ast.BinOp(text, ast.Mod(), ast.Tuple(values, ast.Load()))


def _formatted(parts: list[ast.expr]) -> ast.expr:
    text, values = _template(parts, "{}", "{}")
    return _call(ast.Attribute(text, "format", ast.Load()), *values)


def _texts(tree: ast.Module, write: Callable[[list[ast.expr]], ast.expr]) -> bool:
    texts = _Texts(write)
    texts.visit(tree)
    return texts.changed


@each_file
def texts_added(tree: ast.Module) -> bool:
    """`f"a{b}"` as `"a" + str(b)`."""
    return _texts(tree, _added)


@each_file
def texts_filled(tree: ast.Module) -> bool:
    """`f"a{b}"` as `"a%s" % (b,)`."""
    return _texts(tree, _filled)


@each_file
def texts_formatted(tree: ast.Module) -> bool:
    """`f"a{b}"` as `"a{}".format(b)`."""
    return _texts(tree, _formatted)


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The blocks of the functions of a file."""
    for function in [node for node in ast.walk(tree) if isinstance(node, Definition)]:
        for node in ast.walk(function):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield block


def _told(statement: ast.stmt) -> ast.Call | None:
    """The call of a statement that is told two things by name."""
    value = statement.value if isinstance(statement, ast.Expr | ast.Return | ast.Assign | ast.AnnAssign) else None
    value = value.value if isinstance(value, ast.Await) else value
    if not isinstance(value, ast.Call) or len(value.keywords) < 2 or any(item.arg is None for item in value.keywords):
        return None
    return value


def _options(tree: ast.Module, most: int) -> bool:
    """Keywords in a dictionary above the call, `most` of them in its display, and the others below that."""
    changed = False
    for block in _blocks(tree):
        for number, statement in reversed([*enumerate(block)]):
            if (call := _told(statement)) is None:
                continue
            pairs = [(ast.Constant(item.arg), item.value) for item in call.keywords]
            display = ast.Dict([key for key, _ in pairs[:most]], [value for _, value in pairs[:most]])
            more: list[ast.stmt] = [
                ast.Assign([ast.Subscript(ast.Name("options", ast.Load()), key, ast.Store())], value)
                for key, value in pairs[most:]
            ]
            block[number:number] = [ast.Assign([ast.Name("options", ast.Store())], display), *more]
            call.keywords = [ast.keyword(None, ast.Name("options", ast.Load()))]
            changed = True
            break
    return changed


@each_file
def options_before(tree: ast.Module) -> bool:
    """`f(a=b, c=d)` as `options = {"a": b, "c": d}` and `f(**options)`, once a block."""
    return _options(tree, 100)


@each_file
def options_filled_in(tree: ast.Module) -> bool:
    """`f(a=b, c=d)` as `options = {"a": b}`, `options["c"] = d` and `f(**options)`, once a block."""
    return _options(tree, 1)


@each_file
def keywords_spread(tree: ast.Module) -> bool:
    """`f(a=b, c=d)` in functions as `f(**{"a": b, "c": d})`."""
    changed = False
    for block in _blocks(tree):
        for call in (call for call in map(_told, block) if call is not None):
            named = [*call.keywords]
            display = ast.Dict([ast.Constant(item.arg) for item in named], [item.value for item in named])
            call.keywords = [ast.keyword(None, display)]
            changed = True
    return changed


@each_file
def answers_named(tree: ast.Module) -> bool:
    """`if a != b:` as `is_so = a != b` and `if is_so:`, once a function."""
    changed = False
    for function in [node for node in ast.walk(tree) if isinstance(node, Definition)]:
        for number, statement in enumerate(function.body):
            match statement:
                case ast.If(ast.Compare() | ast.BoolOp() as test) if not any(map(_binds, ast.walk(test))):
                    statement.test = ast.Name("is_so", ast.Load())
                    function.body.insert(number, ast.Assign([ast.Name("is_so", ast.Store())], test))
                    changed = True
                    break
    return changed


def _binds(node: ast.AST) -> bool:
    return isinstance(node, ast.NamedExpr)


@each_file
def results_named(tree: ast.Module) -> bool:
    """`return find()` as `result = find()` and `return result`."""
    changed = False
    for block in _blocks(tree):
        for number, statement in reversed([*enumerate(block)]):
            given = statement.value if isinstance(statement, ast.Return) else None
            if isinstance(statement, ast.Return) and given is not None and not isinstance(given, ast.Name):
                statement.value = ast.Name("result", ast.Load())
                block.insert(number, ast.Assign([ast.Name("result", ast.Store())], given))
                changed = True
    return changed


class _Opposites(ast.NodeTransformer):
    changed = False

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        other = {ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In}.get(type(node.ops[0]))
        if other is None or len(node.ops) > 1:
            return node
        self.changed = True
        return ast.UnaryOp(ast.Not(), ast.Compare(node.left, [other()], node.comparators))


@each_file
def comparisons_negated(tree: ast.Module) -> bool:
    """`a != b` as `not a == b`."""
    opposites = _Opposites()
    opposites.visit(tree)
    return opposites.changed


REWRITES: tuple[Rewrite, ...] = (
    texts_added,
    texts_filled,
    texts_formatted,
    options_before,
    options_filled_in,
    keywords_spread,
    answers_named,
    results_named,
    comparisons_negated,
)
