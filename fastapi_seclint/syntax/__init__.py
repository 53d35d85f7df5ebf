"""Source text to tree, whatever the age of the interpreter; positions in characters.

Lines end with `\\n`, `\\r\\n` or `\\r` and with nothing else (`str.splitlines` also breaks at form feeds and the like).
"""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

MAX_BYTES = 5_000_000
"""Larger files are not read."""
MAX_DEPTH = 400
"""No tree that `parse` returns has more levels of nodes, so that a recursive walk is safe."""
NULL_BYTES = "source code cannot contain null bytes"
TOO_DEEP = "the code is nested too deeply to be analysed"

_BLANK = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")
_COOKIE = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
_BRACKET = 5
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Unreadable(Exception):
    """A file that cannot be analysed: `line` starts at 1, `message` is a sentence without a full stop."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message

    def __reduce__(self) -> tuple[type[Unreadable], tuple[int, str]]:
        return (Unreadable, (self.line, self.message))


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: the path to show, its text as `decode` gives it, and its tree.

    `rewritten` says that the tree was made from older syntax than the text has; lines and nearly all columns agree.
    """

    path: str
    text: str
    tree: ast.Module
    rewritten: bool


def decode(data: bytes) -> str:
    """The text of a Python file, line ends as they are: BOM dropped, PEP 263 cookie obeyed.

    Raises Unreadable for more than MAX_BYTES, null bytes, and bytes that are not what the file declares.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(1, f"the file is larger than {MAX_BYTES:,} bytes")
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
        _check_cookie_of_bom(data)
    elif b"coding" in data[:4096]:
        encoding = _cookie(data)[0] or encoding
    zero = data.find(b"\0")
    if zero >= 0:
        raise Unreadable(_line_at(data, zero), NULL_BYTES)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        position = error.start if error.object == data else 0
        byte = error.object[error.start]
        message = f"byte 0x{byte:02x} is not valid {encoding}"
        raise Unreadable(_line_at(data, position), message) from error
    except LookupError as error:
        raise Unreadable(_cookie(data)[1], f"unknown encoding: {encoding}") from error
    except (UnicodeError, ValueError) as error:
        raise Unreadable(_cookie(data)[1], f"the file is not valid {encoding}") from error
    if "\0" in text:
        raise Unreadable(1, NULL_BYTES)
    return text


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _cookie(data: bytes) -> tuple[str, int]:
    """The encoding that the first or second line declares and its line; an empty name if there is none."""
    start = 0
    for line in (1, 2):
        found = _COOKIE.match(data, start)
        if found:
            return found[1].decode("ascii", "replace"), line
        blank = _BLANK.match(data, start)
        if not blank:
            break
        start = blank.end()
    return "", 1


def _check_cookie_of_bom(data: bytes) -> None:
    """Raise Unreadable when a file with a UTF-8 BOM declares another encoding, as the interpreter does."""
    name, line = _cookie(data)
    if not name:
        return
    try:
        if codecs.lookup(name).name in ("utf-8", "utf-8-sig"):
            return
    except LookupError:
        pass
    raise Unreadable(line, f"the file starts with a UTF-8 byte order mark but declares the encoding {name}")


def _line_at(data: bytes, position: int) -> int:
    return 1 + sum(1 for _ in _LINE_END.finditer(data, 0, position))


def parse(text: str) -> tuple[ast.Module, bool]:
    """The tree of a text, and whether newer syntax was rewritten into older for it; raises Unreadable.

    Lines and columns are those of the text; columns count UTF-8 bytes (see `char_columns`).
    """
    text = _one_line_end(text).removeprefix("\ufeff")
    if "\0" in text:
        raise Unreadable(text.count("\n", 0, text.index("\0")) + 1, NULL_BYTES)
    try:
        tree, rewritten = parse_plain(text), False
    except SyntaxError as error:
        from fastapi_seclint.syntax.rewriting import parse_newer

        tree, rewritten = parse_newer(text, error), True
    _check_depth(tree, text)
    return tree, rewritten


def parse_plain(text: str) -> ast.Module:
    """What the running interpreter's own parser makes of a text; raises SyntaxError, and Unreadable for the rest."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (RecursionError, MemoryError) as error:
        raise Unreadable(1, TOO_DEEP) from error
    except ValueError as error:
        raise Unreadable(1, f"cannot be parsed: {error}") from error


def _check_depth(tree: ast.Module, text: str) -> None:
    """Raise Unreadable if the tree has more than MAX_DEPTH levels; only what may be that deep is walked."""
    data = text.encode()
    if _most_levels(data) <= MAX_DEPTH:
        return
    starts = [0, *accumulate([len(line) + 1 for line in data.split(b"\n")])]
    pending: list[tuple[ast.AST, int]] = [(node, 1) for node in tree.body]
    while pending:
        node, depth = pending.pop()
        first, last = _lines(node)
        start, end = starts[first - 1], starts[last]
        limit = MAX_DEPTH - depth
        if (end - start) * _BRACKET <= limit or _most_levels(data[start:end]) <= limit:
            continue
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if block and isinstance(block, list):
                end = min(end, starts[_lines(block[0])[0]])
                pending.extend([(child, depth + 1) for child in block])
        if limit < 0 or (_most_levels(data[start:end]) > limit and _deeper(node, limit)):
            raise Unreadable(first, TOO_DEEP)


def _most_levels(code: bytes) -> int:
    """A bound for the levels of the tree of a piece of code, cheap to tell.

    An operator adds one level, a condition or a lambda two, a bracket five at most (call, keyword, `or`, `and`,
    comparison).
    """
    size = len(code)
    brackets = size - len(code.translate(None, b"([{"))
    operators = size - len(code.translate(None, b"+-*/%@&|^~.<>"))
    words = 2 * code.count(b"if") + 2 * code.count(b"lambda") + code.count(b"not")
    return _BRACKET * brackets + operators + words


def _lines(node: ast.AST) -> tuple[int, int]:
    """The first line of a statement or of a part of one, and the last; decorators count."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[-1].end_lineno or node.pattern.lineno
    assert isinstance(node, (ast.stmt, ast.excepthandler))
    decorators = getattr(node, "decorator_list", None)
    return (decorators[0] if decorators else node).lineno, node.end_lineno or node.lineno


def _deeper(statement: ast.AST, limit: int) -> bool:
    """Whether the expressions of a statement, without the statements in it, have more than `limit` levels."""
    pending: list[tuple[ast.AST, int]] = [(statement, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > limit:
            return True
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
                pending.append((child, depth + 1))
    return False


def char_columns(text: str) -> Callable[[int, int], int] | None:
    """A function from a line (from 1) and a UTF-8 byte column (from 0) to a character column (from 0).

    None for text that is all ASCII, where both columns are the same.
    """
    if text.isascii():
        return None
    lines = _one_line_end(text).removeprefix("\ufeff").split("\n")
    unicode_lines = {number: line for number, line in enumerate(lines, 1) if not line.isascii()}
    tables: dict[int, list[int]] = {}

    def column(line: int, byte_column: int) -> int:
        if line not in unicode_lines:
            return byte_column
        table = tables.get(line)
        if table is None:
            table = tables[line] = _byte_table(unicode_lines[line])
        return table[min(byte_column, len(table) - 1)]

    return column


def _byte_table(line: str) -> list[int]:
    """For every UTF-8 byte of a line, and its end, the index of the character that it belongs to."""
    table = [index for index, character in enumerate(line) for _ in character.encode("utf-8", "surrogatepass")]
    return [*table, len(line)]
