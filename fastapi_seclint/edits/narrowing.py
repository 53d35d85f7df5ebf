"""New code that would be too long where it goes is wrapped before it goes there."""

from __future__ import annotations

import re
from itertools import pairwise

import libcst as cst

from fastapi_seclint.edits.text import EditError, Splice
from fastapi_seclint.edits.tree import Tree
from fastapi_seclint.edits.wrapping import Room, wrapped

_END = re.compile(r",?[ \t]*")
VALUED = (cst.Expr, cst.Assign, cst.AnnAssign, cst.Return)


def narrowed(code: str, indent: int, room: Room) -> str:
    """Statements with four spaces a level; those whose call on one line gets too long at an indentation are wrapped."""
    if max(map(len, code.split("\n"))) + indent <= room.limit:
        return code
    try:
        tree = Tree(code)
    except EditError:  # whoever inserts it says so
        return code
    found: list[Splice] = []
    for node in tree.nodes(*VALUED):
        if isinstance(node.value, cst.Call):
            found += _call(tree, node.value, Room(room.limit - indent, " " * 4)) or ()
    return tree.text.spliced(found)


def _call(tree: Tree, call: cst.Call, room: Room) -> list[Splice] | None:
    items = [(tree.start(argument), tree.end(argument)) for argument in call.args]
    start = tree.text.code.index("(", tree.extent(call.func)[1]) + 1
    return wrapped(tree.text, (start, tree.end(call) - 1), items, {}, room)


def spread_out(code: str, around: tuple[str, str], room: Room) -> str:
    """A comprehension or list that gets too long between what is left and right of it: its parts on lines of their own.
    """
    if len("".join((*around, code))) <= room.limit or not code.startswith("[") or "\n" in code:
        return code
    if not _END.fullmatch(around[1]):
        return code
    tree = Tree(code)
    whole = next(tree.nodes(cst.Expr)).value
    if isinstance(whole, cst.List) and len(whole.elements) > 1:
        items = [code[slice(*tree.extent(element.value))] for element in whole.elements]
        return "[\n" + "".join(f"{room.unit}{item},\n" for item in items) + "]"
    if not isinstance(whole, cst.ListComp) or whole.for_in.inner_for_in:
        return code
    loop = whole.for_in
    ends = [tree.extent(part)[1] for part in (whole.elt, loop.iter, *(one.test for one in loop.ifs))]
    parts = [code[start:end].strip() for start, end in pairwise([1, *ends])]
    return "[\n" + "".join(f"{room.unit}{part}\n" for part in parts) + "]"
