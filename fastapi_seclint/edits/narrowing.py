"""New code that would be too long where it goes is wrapped before it goes there."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from itertools import pairwise

import libcst as cst

from fastapi_seclint.edits.text import EditError, Splice, Text
from fastapi_seclint.edits.tree import Tree
from fastapi_seclint.edits.wrapping import Room, wrapped

_CLOSED = re.compile(r"[,:]?[ \t]*")
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


def laid_out(text: Text, splices: Sequence[Splice], replaced: Container[tuple[int, int]], room: Room) -> list[Splice]:
    """The splices, those at the `replaced` extents on lines of their own where the result would have too long lines."""
    found = list(splices)
    shift = 0
    for number, splice in enumerate(splices):
        if (splice.start, splice.end) in replaced and "\n" not in splice.content and splice.content[-1:] in ("]", ")"):
            result = Text(Text(text.code).spliced(found))
            start, end = splice.start + shift, splice.start + shift + len(splice.content)
            around = result.code[result.line_start(start) : start], result.code[end : result.line_end(end)]
            content = spread_out(splice.content, around, room).replace("\n", text.newline + result.indent(start))
            found[number] = Splice(splice.start, splice.end, content)
        shift += len(found[number].content) - (splice.end - splice.start)
    return found


def spread_out(code: str, around: tuple[str, str], room: Room) -> str:
    """A list, comprehension or call that gets too long between what is left and right of it: its parts on own lines."""
    if len("".join((*around, code))) <= room.limit:
        return code
    tree = Tree(code)
    whole = next(tree.nodes(cst.Expr)).value
    if code.endswith(")"):
        while isinstance(whole, cst.UnaryOperation | cst.Await):
            whole = whole.expression
        if not _CLOSED.fullmatch(around[1]):
            return code
        if (tests := _within_brackets(whole)) is not None:
            return _spread_tests(tree, tests, around, room)
        fits = isinstance(whole, cst.Call) and not whole.lpar
        return _spread_call(tree, whole, around, room) if fits and isinstance(whole, cst.Call) else code
    if not _END.fullmatch(around[1]):
        return code
    if isinstance(whole, cst.List) and len(whole.elements) > 1:
        items = [code[slice(*tree.extent(element.value))] for element in whole.elements]
        return "[\n" + "".join(f"{room.unit}{item},\n" for item in items) + "]"
    if not isinstance(whole, cst.ListComp) or whole.for_in.inner_for_in:
        return code
    loop = whole.for_in
    ends = [tree.extent(part)[1] for part in (whole.elt, loop.iter, *(one.test for one in loop.ifs))]
    parts = [code[start:end].strip() for start, end in pairwise([1, *ends])]
    return "[\n" + "".join(f"{room.unit}{part}\n" for part in parts) + "]"


def _within_brackets(whole: cst.BaseExpression) -> cst.BooleanOperation | None:
    """What is tested together within brackets that close an expression: `(a and b)`, `bool(a and b)`."""
    if isinstance(whole, cst.Call) and not whole.lpar and len(whole.args) == 1 and whole.args[0].keyword is None:
        whole = whole.args[0].value
        return whole if isinstance(whole, cst.BooleanOperation) and not whole.lpar else None
    return whole if isinstance(whole, cst.BooleanOperation) and len(whole.lpar) == 1 else None


def _spread_tests(tree: Tree, whole: cst.BooleanOperation, around: tuple[str, str], room: Room) -> str:
    """Tests within brackets on a line below, or on one each, as formatters write them."""
    code = tree.text.code
    tests: list[cst.BaseExpression] = [whole]
    while isinstance(first := tests[0], cst.BooleanOperation) and (first is whole or not first.lpar):
        if type(first.operator) is not type(whole.operator):
            break
        tests[:1] = [first.left, first.right]
    start, end = tree.extent(tests[0])[0], tree.extent(tests[-1])[1]
    indent = len(around[0]) - len(around[0].lstrip()) + len(room.unit)
    head, tail = code[:start], code[end:]
    if indent + end - start <= room.limit:
        return f"{head}\n{room.unit}{code[start:end]}\n{tail}"
    word = "and" if isinstance(whole.operator, cst.And) else "or"
    lines = f"\n{room.unit}{word} ".join(code[slice(*tree.extent(test))] for test in tests)
    return f"{head}\n{room.unit}{lines}\n{tail}"


def _spread_call(tree: Tree, call: cst.Call, around: tuple[str, str], room: Room) -> str:
    """A call with its arguments on a line below, or on one each; as it is where they are too few to be worth it."""
    code = tree.text.code
    items = [code[tree.start(argument) : tree.extent(argument.value)[1]] for argument in call.args]
    head = code[: code.index("(", tree.extent(call.func)[1]) + 1]
    indent = len(around[0]) - len(around[0].lstrip()) + len(room.unit)
    if len(items) < 2 or len(around[0]) + len(head) > room.limit:
        return code
    together = ", ".join(items)
    if indent + len(together) <= room.limit:
        return f"{head}\n{room.unit}{together}\n)"
    return f"{head}\n" + "".join(f"{room.unit}{item},\n" for item in items) + ")"
