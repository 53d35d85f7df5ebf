"""What a call is told through `**`: the item of the dictionary that stands for a keyword."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from fastapi_seclint.edits.text import EditError
from fastapi_seclint.edits.tree import Tree


def holder_of(tree: Tree, node: cst.BaseExpression, key: str) -> cst.Dict | cst.Call | None:
    """What gives a dictionary an item: `{...}` or `dict(...)` in it, or `name.update(...)` below it."""
    named = tree.parent(node)
    names: list[str] = []
    match named:
        case (
            cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))])
            | cst.AnnAssign(target=cst.Name(value=name))
        ):
            names.append(name)
    for part in (node, *(call for name in names for call in _filling(tree, name))):
        for holder in _inside(part):
            if _gives(holder, key):
                return holder
    return None


def last_display(node: cst.BaseExpression) -> cst.Dict | None:
    """The display whose items count in a dictionary that is put together."""
    return next((part for part in _inside(node) if isinstance(part, cst.Dict)), None)


def _inside(node: cst.CSTNode) -> Iterator[cst.Dict | cst.Call]:
    """The displays and calls that a dictionary is put together from."""
    match node:
        case cst.Dict():
            yield node
            for element in node.elements:
                yield from _inside(element.value) if isinstance(element, cst.StarredDictElement) else ()
        case cst.Call():
            yield node
            for argument in node.args:
                yield from _inside(argument.value)
        case cst.BinaryOperation(operator=cst.BitOr()):
            yield from _inside(node.right)
            yield from _inside(node.left)


def _gives(holder: cst.Dict | cst.Call, key: str) -> bool:
    if isinstance(holder, cst.Call):
        return any(argument.keyword is not None and argument.keyword.value == key for argument in holder.args)
    return any(isinstance(element, cst.DictElement) and _is_text(element.key, key) for element in holder.elements)


def item_of(tree: Tree, call: cst.Call, keyword: str) -> tuple[cst.Dict, int] | None:
    """The display behind `**`, there or under a name of the file, that gives a keyword, with the item's place."""
    for argument in call.args:
        for display in _displays(tree, argument.value) if argument.star == "**" else ():
            for index, element in enumerate(display.elements):
                if isinstance(element, cst.DictElement) and _is_text(element.key, keyword):
                    return display, index
        if argument.star == "**" and isinstance(argument.value, cst.Name) and _is_added(tree, argument.value, keyword):
            raise EditError(f"{keyword} is put into {argument.value.value} before")
    return None


def _displays(tree: Tree, value: cst.BaseExpression) -> Iterator[cst.Dict]:
    match value:
        case cst.Dict():
            yield value
            for element in value.elements:
                if isinstance(element, cst.StarredDictElement) and isinstance(element.value, cst.Dict):
                    yield from _displays(tree, element.value)
        case cst.BinaryOperation(operator=cst.BitOr()):
            for side in (value.left, value.right):
                if not isinstance(side, cst.Name):
                    yield from _displays(tree, side)
        case cst.Name():
            for part in _parts(tree, value.value):
                if not isinstance(part, cst.Name):
                    yield from _displays(tree, part)


def _parts(tree: Tree, name: str) -> Iterator[cst.BaseExpression]:
    """What a dictionary of a name is made of: what it is given, and what it is filled with."""
    for made in tree.nodes(cst.Assign):
        target = made.targets[0].target
        if isinstance(target, cst.Name) and target.value == name:
            yield made.value
    for added in _filling(tree, name):
        if isinstance(added, cst.Call):
            yield from (argument.value for argument in added.args if argument.keyword is None)
        else:
            yield added


def _filling(tree: Tree, name: str) -> Iterator[cst.BaseExpression]:
    """What fills a dictionary of a name: the calls of its `update`, and what stands behind `|=`."""
    for added in tree.nodes(cst.AugAssign):
        if isinstance(added.target, cst.Name) and added.target.value == name:
            yield added.value
    for call in tree.nodes(cst.Call):
        match call.func:
            case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value="update")) if owner == name:
                yield call


def _is_added(tree: Tree, owner: cst.Name, key: str) -> bool:
    """Whether a dictionary gets a key by `owner["key"] = value`."""
    for made in tree.nodes(cst.Assign):
        match made.targets[0].target:
            case cst.Subscript(value=cst.Name(value=name), slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
                if name == owner.value and _is_text(index, key):
                    return True
    return False


def _is_text(node: cst.BaseExpression, text: str) -> bool:
    return isinstance(node, cst.SimpleString) and node.evaluated_value == text
