"""One way of writing a text that is put together, so that rules need to know only one: the f-string.

`"a" + str(b)`, `"a%s" % b`, `"a{}".format(b)` and `"".join(["a", b])` are `f"a{b}"`. What is not certain to be the same
stays as it is written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import count
from string import Formatter

_CONVERSION = re.compile(r"%(?:%|(?:\((?P<name>\w+)\))?(?P<kind>[srd]))")


def joined(node: ast.expr) -> ast.JoinedStr | None:
    """The f-string that an expression stands for, None where it is no text that is put together."""
    match node:
        case ast.BinOp(_, ast.Add(), _):
            parts = _added(node)
        case ast.BinOp(ast.Constant(str() as text), ast.Mod(), given):
            parts = _filled(node, text, given)
        case ast.Call(ast.Attribute(ast.Constant(str() as text), "format"), given, named):
            parts = _formatted(node, text, given, named)
        case ast.Call(ast.Attribute(ast.Constant(str() as text), "join"), [ast.List(items) | ast.Tuple(items)], []):
            parts = _joined(node, text, items)
        case _:
            return None
    if parts is None or not any(isinstance(part, ast.FormattedValue) for part in parts):
        return None
    return ast.copy_location(ast.JoinedStr(parts), node)


def _added(node: ast.BinOp) -> list[ast.expr] | None:
    """The parts of `"a" + b + "c"`: what is added to a text is one."""
    leaves = [*_leaves(node)]
    if not any(_is_text(leaf) for leaf in leaves):
        return None
    return _merged([part for leaf in leaves for part in _parts(leaf)])


def _joined(node: ast.expr, text: str, items: list[ast.expr]) -> list[ast.expr] | None:
    """The parts of `", ".join(["a", b])`."""
    if any(isinstance(item, ast.Starred) for item in items):
        return None
    return _merged([part for item in items for part in (_constant(text, node), *_parts(item))][1:])


def _parts(node: ast.expr) -> list[ast.expr]:
    """The parts of an f-string that one of the texts which are put together is."""
    match node:
        case ast.JoinedStr(values):
            return values
        case ast.Constant(str()):
            return [node]
        case ast.Call(ast.Name("str"), [value], []) if not isinstance(value, ast.Starred):
            return [_value(value)]
    return [_value(node)]


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    """What `a + b + c` adds, in order; a chain is as long as it likes."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add):
            waiting += [one.right, one.left]
        else:
            yield one


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _filled(node: ast.expr, text: str, given: ast.expr) -> list[ast.expr] | None:
    """The parts of `"a%s" % b`, `"a%s%s" % (b, c)` and `"a%(b)s" % {"b": c}`."""
    found = [*_CONVERSION.finditer(text)]
    if "%" in _CONVERSION.sub("", text):
        return None
    wanted = [match for match in found if match["kind"]]
    named = {match["name"]: None for match in wanted}
    match given:
        case ast.Tuple(values) if named.keys() <= {None}:
            pass
        case ast.Dict(keys, values) if None not in named:
            table = {key.value: value for key, value in zip(keys, values, strict=True) if isinstance(key, ast.Constant)}
            if len(table) != len(keys) or not named.keys() <= table.keys():
                return None
            values = [table[match["name"]] for match in wanted]
        case ast.Dict() | ast.Starred():
            return None
        case _:
            values = [given] if named.keys() <= {None} else []
    if len(values) != len(wanted) or any(isinstance(value, ast.Starred) for value in values):
        return None
    parts: list[ast.expr] = []
    rest, end = iter(values), 0
    for match in found:
        parts.append(_constant(text[end : match.start()], node))
        end = match.end()
        parts.append(_value(next(rest), match["kind"]) if match["kind"] else _constant("%", node))
    return _merged([*parts, _constant(text[end:], node)])


def _formatted(node: ast.expr, text: str, given: list[ast.expr], named: list[ast.keyword]) -> list[ast.expr] | None:
    """The parts of `"a{}{b}".format(c, b=d)`."""
    table: dict[str, ast.expr] = {str(number): value for number, value in enumerate(given)}
    table |= {item.arg: item.value for item in named if item.arg is not None}
    if any(item.arg is None for item in named) or any(isinstance(value, ast.Starred) for value in given):
        return None
    parts: list[ast.expr] = []
    try:
        fields = [*Formatter().parse(text)]
    except ValueError:
        return None
    numbers = map(str, count())
    for before, field, specifier, conversion in fields:
        parts.append(_constant(before, node))
        if field is None:
            continue
        value = table.get(field or next(numbers))
        if value is None or specifier:
            return None
        parts.append(_value(value, conversion or ""))
    return _merged(parts)


def _value(node: ast.expr, conversion: str = "") -> ast.expr:
    return ast.copy_location(ast.FormattedValue(node, ord(conversion) if conversion in ("r", "a") else -1), node)


def _constant(text: str, node: ast.expr) -> ast.Constant:
    return ast.copy_location(ast.Constant(text), node)


def _merged(parts: list[ast.expr]) -> list[ast.expr]:
    """Parts of an f-string, no two texts of which stand side by side."""
    found: list[ast.expr] = []
    for part in parts:
        before = found[-1] if found else None
        if not isinstance(part, ast.Constant):
            found.append(part)
        elif isinstance(before, ast.Constant):
            found[-1] = ast.copy_location(ast.Constant(str(before.value) + str(part.value)), before)
        elif part.value:
            found.append(part)
    return found
