"""Edits of functions and classes: parameters and decorators."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from fastapi_seclint.edits.expressions import Bracketed
from fastapi_seclint.edits.named import AddDecorator, AddParameter, DecoratorPlace, MoveDecorator
from fastapi_seclint.edits.text import EditError, Splice, reindented
from fastapi_seclint.edits.tree import Tree

Splices = Sequence[Splice]
Definition = cst.FunctionDef | cst.ClassDef
ROUTE_METHODS = frozenset(
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "api_route", "websocket", "route"]
)


def add_parameter(brackets: Bracketed, edit: AddParameter) -> Splices:
    """The replacements that `AddParameter` comes to."""
    tree = brackets.tree
    node = tree.definition(edit.function)
    if not isinstance(node, cst.FunctionDef):
        raise EditError("a class has no parameters")
    new = _parameter(edit.code)
    items, kinds = _items(tree, node.params)
    before = tree.end(node.type_parameters or node.name)
    bracket = brackets.of(node, items, tree.text.code.index("(", before) + 1)
    name = new.name.value
    if name in {item.name.value for item in kinds if isinstance(item, cst.Param)}:
        raise EditError(f"the function at line {edit.function.line} has a parameter {name} already")
    bracket.add(edit.code.strip(), _place(node.params, kinds, defaulted=new.default is not None), name=name)
    return ()


def add_decorator(tree: Tree, edit: AddDecorator) -> Splices:
    """The replacements that `AddDecorator` comes to."""
    node = tree.definition(edit.function)
    code = "@" + edit.code.strip().removeprefix("@")
    lines = reindented(code, tree.text.indent(tree.start(node)), tree.indent_unit, tree.text.newline)
    at = _decorator_place(tree, node, edit.where, node.decorators)
    return (Splice(at, at, "".join(lines)),)


def move_decorator(tree: Tree, edit: MoveDecorator) -> Splices:
    """The replacements that `MoveDecorator` comes to."""
    node = tree.definition(edit.function)
    place = tree.text.extent(edit.decorator)
    moved = [one for one in node.decorators if (tree.start(one.decorator), tree.end(one.decorator)) == place]
    if not moved:
        raise EditError(f"no decorator of this function stands at line {edit.decorator.line}")
    start, end = tree.text.line_start(tree.start(moved[0])), tree.text.next_line(tree.end(moved[0]))
    at = _decorator_place(tree, node, edit.where, [one for one in node.decorators if one is not moved[0]])
    if at in (start, end):
        return ()
    return Splice(start, end, ""), Splice(at, at, tree.text.code[start:end])


def _decorator_place(tree: Tree, node: Definition, where: DecoratorPlace, decorators: Sequence[cst.Decorator]) -> int:
    """The offset of the line start at which a decorator goes."""
    if where == "top" and decorators:
        return tree.text.line_start(tree.start(decorators[0]))
    routes = [one for one in decorators if _is_route(one)]
    if where == "below-route" and routes:
        return tree.text.next_line(tree.end(routes[-1]))
    return tree.text.line_start(tree.start(node))


def _is_route(decorator: cst.Decorator) -> bool:
    call = decorator.decorator
    return isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value in ROUTE_METHODS


def _parameter(code: str) -> cst.Param:
    try:
        function = cst.ensure_type(cst.parse_statement(f"def f(*, {code.strip()}): pass"), cst.FunctionDef)
    except cst.ParserSyntaxError:
        raise EditError(f"{code.strip()!r} is no parameter") from None
    if len(function.params.kwonly_params) != 1:
        raise EditError(f"{code.strip()!r} is not one parameter")
    return function.params.kwonly_params[0]


def _items(tree: Tree, params: cst.Parameters) -> tuple[list[tuple[int, int]], list[cst.CSTNode]]:
    """The items between the parentheses in order, `/` and `*` included."""
    nodes: list[cst.CSTNode] = [*params.posonly_params]
    if isinstance(params.posonly_ind, cst.ParamSlash):
        nodes.append(params.posonly_ind)
    nodes += params.params
    if isinstance(params.star_arg, cst.Param | cst.ParamStar):
        nodes.append(params.star_arg)
    nodes += params.kwonly_params
    if params.star_kwarg:
        nodes.append(params.star_kwarg)
    return [_extent(tree, node) for node in nodes], nodes


def _extent(tree: Tree, node: cst.CSTNode) -> tuple[int, int]:
    start = tree.start(node)
    if not isinstance(node, cst.Param):
        return start, start + 1
    ends = [tree.end(node)]
    if node.annotation:
        ends.append(tree.extent(node.annotation.annotation)[1])
    if node.default:
        ends.append(tree.extent(node.default)[1])
    return start, max(ends)


def _place(params: cst.Parameters, nodes: Sequence[cst.CSTNode], *, defaulted: bool) -> int | None:
    """The index that the new parameter goes before; None for the end."""
    if isinstance(params.star_arg, cst.Param | cst.ParamStar):
        return _index(nodes, params.star_kwarg)
    positional = [*params.posonly_params, *params.params]
    first = next((node for node in positional if node.default is not None), None)
    if defaulted or first is None:
        return _index(nodes, params.star_kwarg)
    if first in params.posonly_params:
        raise EditError("a parameter without default has no place behind positional-only ones with defaults")
    return _index(nodes, first)


def _index(nodes: Sequence[cst.CSTNode], wanted: cst.CSTNode | None) -> int | None:
    return next((index for index, node in enumerate(nodes) if node is wanted), None)
