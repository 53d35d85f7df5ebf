"""Edits of expressions: arguments, items of displays, whole expressions, `await`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from fastapi_seclint.edits.brackets import Brackets, close_after
from fastapi_seclint.edits.comments import kept_above, outdated
from fastapi_seclint.edits.named import (
    AddArgument,
    AddListItem,
    AwaitCall,
    RemoveDictItem,
    RemoveKeyword,
    RemoveListItem,
    RenameKeyword,
    ReplaceExpression,
    SetDictItem,
    SetKeyword,
)
from fastapi_seclint.edits.quoting import in_quotes_of
from fastapi_seclint.edits.spread import holder_of, item_of, last_display
from fastapi_seclint.edits.text import EditError, Splice
from fastapi_seclint.edits.tree import Tree, parsed_expression
from fastapi_seclint.spans import Span

Display = cst.List | cst.Tuple | cst.Set
Splices = Sequence[Splice]
ATOMS = (
    cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.Dict, cst.Set, cst.ListComp, cst.DictComp,
    cst.SetComp, cst.Integer, cst.Float, cst.SimpleString, cst.FormattedString, cst.Ellipsis,
)  # fmt: skip
OPERATORS = (
    cst.BinaryOperation, cst.UnaryOperation, cst.BooleanOperation, cst.Comparison, cst.ComparisonTarget, cst.Await,
)  # fmt: skip
LOOSE = (cst.BooleanOperation, cst.IfExp, cst.Lambda, cst.NamedExpr, cst.Yield)
"""What does not hold together between `and` and `or`: everything else binds tighter, `not x` and comparisons too."""
TRAILERS = (cst.Attribute, cst.Subscript, cst.Call)


class Bracketed:
    """The brackets that edits of one file change, one object each, so that edits of one call are written together."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._known: dict[cst.CSTNode, Brackets] = {}
        self.replaced: set[tuple[int, int]] = set()

    def __iter__(self) -> Iterator[Brackets]:
        return iter(self._known.values())

    def of_call(self, node: cst.Call | cst.ClassDef) -> Brackets:
        """The argument list of a call or class definition."""
        if node not in self._known:
            self._known[node] = self._call(node)
        return self._known[node]

    def of_display(self, node: Display | cst.Dict) -> Brackets:
        """The items of a list, tuple, set or dict."""
        if node not in self._known:
            items = [self._item(element) for element in node.elements]
            start, end = self.tree.start(node), self.tree.end(node)
            if isinstance(node, cst.Tuple):
                if not node.lpar:
                    raise EditError("a tuple without parentheses is not changed")
                start, end = self.tree.extent(node)[0], close_after(self.tree.text, end, ")") + 1
            self._known[node] = Brackets(self.tree.text, start + 1, end - 1, items, self.tree.room)
        return self._known[node]

    def of(self, node: cst.CSTNode, items: Sequence[tuple[int, int]], start: int) -> Brackets:
        """The parenthesised items of another node; `start` is the offset after the opening parenthesis."""
        if node not in self._known:
            close = close_after(self.tree.text, items[-1][1] if items else start, ")")
            self._known[node] = Brackets(self.tree.text, start, close, items, self.tree.room)
        return self._known[node]

    def grow(self, node: cst.CSTNode, extent: tuple[int, int], code: str) -> None:
        """Take note that code replaces a node, so that the call around it is wrapped when its line gets too long."""
        around = (call for call in self.tree.ancestors(node) if isinstance(call, cst.Call) and call.args)
        plain = (call for call in around if not isinstance(call.args[0].value, cst.GeneratorExp))
        next((call for call in plain if self.of_call(call).grow(extent, code)), None)

    def _call(self, node: cst.Call | cst.ClassDef) -> Brackets:
        tree = self.tree
        if isinstance(node, cst.ClassDef):
            arguments: Sequence[cst.Arg] = (*node.bases, *node.keywords)
            before = tree.end(node.type_parameters or node.name)
            if isinstance(node.lpar, cst.MaybeSentinel):
                raise EditError("the class has no arguments")
        else:
            arguments, before = node.args, tree.extent(node.func)[1]
            if len(arguments) == 1 and isinstance(arguments[0].value, cst.GeneratorExp) and not arguments[0].value.lpar:
                raise EditError("the only argument is a generator without parentheses")
        start = tree.text.code.index("(", before) + 1
        items = [(tree.start(argument), tree.end(argument)) for argument in arguments]
        close = close_after(tree.text, items[-1][1] if items else start, ")")
        return Brackets(tree.text, start, close, items, tree.room)

    def _item(self, element: cst.BaseElement | cst.BaseDictElement) -> tuple[int, int]:
        if isinstance(element, cst.DictElement):
            return self.tree.extent(element.key)[0], self.tree.extent(element.value)[1]
        return self.tree.start(element), self.tree.end(element)


def remove_keyword(brackets: Bracketed, edit: RemoveKeyword) -> Splices:
    """The replacements that `RemoveKeyword` comes to."""
    if (told := _told(brackets.tree, edit.call, edit.name)) is not None:
        brackets.of_display(told[0]).remove(told[1])
        return ()
    node, index, _ = _keyword(brackets.tree, edit.call, edit.name)
    brackets.of_call(node).remove(index)
    return ()


def set_keyword(brackets: Bracketed, edit: SetKeyword) -> Splices:
    """The replacements that `SetKeyword` comes to."""
    code = parsed(edit.code)
    node = _call(brackets.tree, edit.call)
    if (told := _told(brackets.tree, edit.call, edit.name)) is not None:
        value = cst.ensure_type(told[0].elements[told[1]], cst.DictElement).value
        extent = brackets.tree.extent(value)
        return (_replacement(brackets, extent, in_quotes_of(brackets.tree.text.code[slice(*extent)], code)),)
    for argument in _arguments(node):
        if argument.keyword and argument.keyword.value == edit.name:
            extent = brackets.tree.extent(argument.value)
            code = in_quotes_of(brackets.tree.text.code[slice(*extent)], code)
            brackets.grow(argument.value, extent, code)
            return _replacement(brackets, extent, code), *outdated(brackets.tree.text, extent, code)
    brackets.of_call(node).add(f"{edit.name}={code}", name=edit.name)
    return ()


def rename_keyword(brackets: Bracketed, edit: RenameKeyword) -> Splices:
    """The replacements that `RenameKeyword` comes to."""
    _, _, keyword = _keyword(brackets.tree, edit.call, edit.name)
    return (Splice(brackets.tree.start(keyword), brackets.tree.end(keyword), edit.new),)


def add_argument(brackets: Bracketed, edit: AddArgument) -> Splices:
    """The replacements that `AddArgument` comes to."""
    node: cst.Call = brackets.tree.expression(edit.call, cst.Call)
    named = [index for index, argument in enumerate(node.args) if argument.keyword or argument.star == "**"]
    brackets.of_call(node).add(parsed(edit.code), named[0] if named else None)
    return ()


def remove_dict_item(brackets: Bracketed, edit: RemoveDictItem) -> Splices:
    """The replacements that `RemoveDictItem` comes to."""
    holder = holder_of(brackets.tree, brackets.tree.expression(edit.dictionary, *_DICTIONARIES), edit.key)
    match holder:
        case cst.Call():
            index = next(at for at, item in enumerate(holder.args) if item.keyword and item.keyword.value == edit.key)
            brackets.of_call(holder).remove(index)
        case cst.Dict() if (found := _with_key(holder, edit.key)) is not None:
            brackets.of_display(holder).remove(found)
        case _:
            raise EditError(f"the dictionary at line {edit.dictionary.line} has no key {edit.key!r}")
    return ()


def set_dict_item(brackets: Bracketed, edit: SetDictItem) -> Splices:
    """The replacements that `SetDictItem` comes to."""
    tree, code = brackets.tree, parsed(edit.code)
    if _is_call(tree, edit.dictionary):
        if edit.key.isidentifier():
            return set_keyword(brackets, SetKeyword(edit.path, edit.dictionary, edit.key, edit.code))
        brackets.of_call(_call(tree, edit.dictionary)).add(f"**{{{edit.key!r}: {code}}}".replace("'", '"'))
        return ()
    stated = tree.expression(edit.dictionary, *_DICTIONARIES)
    holder = holder_of(tree, stated, edit.key)
    node = holder if isinstance(holder, cst.Dict) else last_display(stated)
    if node is None:
        raise EditError(f"no dictionary at line {edit.dictionary.line}")
    index = _with_key(node, edit.key)
    if index is not None:
        extent = tree.extent(cst.ensure_type(node.elements[index], cst.DictElement).value)
        return (_replacement(brackets, extent, in_quotes_of(tree.text.code[slice(*extent)], code)),)
    written = tree.text.code[slice(*tree.extent(node))]
    single = "'" in written and '"' not in written
    key = repr(edit.key) if single else '"' + edit.key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    brackets.of_display(node).add(f"{key}: {code}", name=edit.key)
    _widened(brackets, node, f"{key}: {code}")
    return ()


_DICTIONARIES = (cst.Dict, cst.Call, cst.BinaryOperation)


def _is_call(tree: Tree, place: Span) -> bool:
    """Whether `dict(...)` stands where a dictionary is meant."""
    return tree.text.code[tree.text.extent(place)[0] :].startswith("dict(")


def remove_list_item(brackets: Bracketed, edit: RemoveListItem) -> Splices:
    """The replacements that `RemoveListItem` comes to."""
    tree = brackets.tree
    node = _display(tree, edit.items)
    codes = [tree.text.code[slice(*tree.extent(element.value))] for element in node.elements]
    index = edit.item if isinstance(edit.item, int) else codes.index(edit.item) if edit.item in codes else -1
    if not 0 <= index < len(codes):
        raise EditError(f"the list at line {edit.items.line} has no item {edit.item}")
    if isinstance(node, cst.Set) and len(codes) == 1:
        raise EditError("a set without items cannot be written as a display")
    items = brackets.of_display(node)
    if isinstance(node, cst.Tuple) and len(codes) == 2:
        return (Splice(items.open, items.close, f"{tree.text.code[slice(*items.items[1 - index])]},"),)
    items.remove(index)
    return ()


def add_list_item(brackets: Bracketed, edit: AddListItem) -> Splices:
    """The replacements that `AddListItem` comes to."""
    node = _display(brackets.tree, edit.items)
    first = 0 if edit.where == "first" and node.elements else None
    comma = "," if isinstance(node, cst.Tuple) and not node.elements else ""
    brackets.of_display(node).add(parsed(edit.code) + comma, first)
    _widened(brackets, node, parsed(edit.code))
    return ()


def _widened(brackets: Bracketed, node: Display | cst.Dict, item: str) -> None:
    """Take note that a display on one line gets another item, so that the call around it may have to be wrapped."""
    extent = brackets.tree.extent(node)
    written = brackets.tree.text.code[slice(*extent)]
    alone = len(brackets.tree.text.indent(extent[0]) + brackets.tree.room.unit + f"{written}, {item},")
    if not {"\n", "\r"} & {*written} and alone <= max(brackets.tree.room.limit, 120):
        brackets.grow(node, extent, f"{written}, {item}")


def replace_expression(brackets: Bracketed, edit: ReplaceExpression) -> Splices:
    """The replacements that `ReplaceExpression` comes to."""
    tree = brackets.tree
    node: cst.BaseExpression = tree.expression(edit.span, cst.BaseExpression)
    extent = tree.text.extent(edit.span)
    code = in_quotes_of(tree.text.code[slice(*extent)], parsed(edit.code))
    inside = bool(node.lpar) and extent != tree.extent(node)
    if not inside and _needs_parentheses(tree, node, parsed_expression(code)):
        code = f"({code})"
    made = _replacement(brackets, extent, code)
    brackets.grow(node, extent, made.content)
    return made, *outdated(tree.text, extent, code), *kept_above(tree, node)


def await_call(brackets: Bracketed, edit: AwaitCall) -> Splices:
    """The replacements that `AwaitCall` comes to."""
    tree = brackets.tree
    node: cst.BaseExpression = tree.expression(edit.span, cst.BaseExpression)
    scope = next((n for n in tree.ancestors(node) if isinstance(n, cst.FunctionDef | cst.Lambda | cst.ClassDef)), None)
    if not (isinstance(scope, cst.FunctionDef) and scope.asynchronous):
        raise EditError(f"line {edit.span.line} is not in an async function, so nothing can be awaited there")
    start, end = tree.extent(node)
    if node.lpar or not _is_head(tree, node):
        return (Splice(start, start, "await "),)
    return Splice(start, start, "(await "), Splice(end, end, ")")


def parsed(code: str) -> str:
    """Code of an expression without its margins; raises `EditError` when it is none."""
    parsed_expression(code.strip())
    return code.strip()


def _replacement(brackets: Bracketed, extent: tuple[int, int], code: str) -> Splice:
    text = brackets.tree.text
    brackets.replaced.add(extent)
    return Splice(*extent, code.replace("\n", text.newline + text.indent(extent[0])))


def _arguments(node: cst.Call | cst.ClassDef) -> Sequence[cst.Arg]:
    return (*node.bases, *node.keywords) if isinstance(node, cst.ClassDef) else node.args


def _call(tree: Tree, place: Span) -> cst.Call | cst.ClassDef:
    node: cst.Call | cst.ClassDef = tree.expression(place, cst.Call, cst.ClassDef)
    return node


def _display(tree: Tree, place: Span) -> Display:
    node: Display = tree.expression(place, cst.List, cst.Tuple, cst.Set)
    return node


def _keyword(tree: Tree, place: Span, name: str) -> tuple[cst.Call | cst.ClassDef, int, cst.Name]:
    node = _call(tree, place)
    for index, argument in enumerate(_arguments(node)):
        if argument.keyword and argument.keyword.value == name:
            return node, index, argument.keyword
    raise EditError(f"the call at line {place.line} has no keyword {name}")


def _told(tree: Tree, place: Span, name: str) -> tuple[cst.Dict, int] | None:
    node = _call(tree, place)
    return item_of(tree, node, name) if isinstance(node, cst.Call) else None


def _with_key(node: cst.Dict, key: str) -> int | None:
    for index, element in enumerate(node.elements):
        written = element.key if isinstance(element, cst.DictElement) else None
        if isinstance(written, cst.SimpleString | cst.ConcatenatedString) and written.evaluated_value == key:
            return index
    return None


def _is_head(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether a trailer follows: `node.x`, `node[x]`, `node(x)`."""
    above = tree.parent(node)
    return isinstance(above, TRAILERS) and node in (getattr(above, "value", None), getattr(above, "func", None))


def _needs_parentheses(tree: Tree, node: cst.BaseExpression, new: cst.BaseExpression) -> bool:
    if isinstance(new, ATOMS) or new.lpar:
        return False
    above = tree.parent(node)
    if isinstance(above, cst.BooleanOperation):
        return isinstance(new, LOOSE)
    return _is_head(tree, node) or isinstance(above, OPERATORS)
