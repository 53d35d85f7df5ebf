"""What a call is told through `**`: the item of the dictionary that stands for a keyword."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from fastapi_seclint.edits.text import EditError
from fastapi_seclint.edits.tree import Tree


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
    if isinstance(value, cst.Dict):
        yield value
    elif isinstance(value, cst.Name):
        for made in tree.nodes(cst.Assign):
            target = made.targets[0].target
            if isinstance(made.value, cst.Dict) and isinstance(target, cst.Name) and target.value == value.value:
                yield made.value


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
