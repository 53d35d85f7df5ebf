"""What one file says, as plain data: its forms, its functions, the words in it. No syntax tree leaves this room."""

from __future__ import annotations

import ast
import json
import re
from functools import cached_property
from typing import Any, cast

from fastapi_seclint import syntax
from fastapi_seclint.facts.build import Builder
from fastapi_seclint.facts.comments import Row, directives
from fastapi_seclint.facts.forms import Form

VERSION = "1"

__all__ = ["VERSION", "FileFacts", "expression", "extract"]


class FileFacts:
    """The facts of one file, decoded piece by piece: a header, the module's block, and the body of each function.

    `path` is for display. Pieces are JSON texts: what is not asked for is never decoded.
    """

    def __init__(self, path: str, pieces: list[bytes]) -> None:
        self.path = path
        self._pieces = pieces
        self._bodies: dict[int, list[Form]] = {}

    @cached_property
    def _header(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._pieces[0]))

    @cached_property
    def words(self) -> frozenset[str]:
        """Every identifier of the file: names, attributes, parameters, imports."""
        return frozenset(self._header["words"].split(" "))

    @cached_property
    def functions(self) -> list[tuple[str, int, int]]:
        """Of each function, by number: qualified name, packed place, number of the function around it or -1."""
        return [(name, at, around) for name, at, around in self._header["functions"]]

    @cached_property
    def imports(self) -> list[str]:
        """The dotted names of all absolute imports, sorted."""
        return [name for name in self._header["imports"].split(" ") if name]

    @cached_property
    def decorators(self) -> frozenset[str]:
        """The attribute names of decorators that are calls: `get` of `@router.get("/")`."""
        return frozenset(self._header["decorators"].split(" "))

    @cached_property
    def comments(self) -> list[Row]:
        """The comments that speak to seclint, as `facts.comments` describes them."""
        return [cast("Row", tuple(row)) for row in self._header.get("comments", ())]

    @cached_property
    def module(self) -> list[Form]:
        """The statements of the module."""
        return cast("list[Form]", json.loads(self._pieces[1]))

    def body(self, number: int) -> list[Form]:
        """The statements of a function."""
        if number not in self._bodies:
            self._bodies[number] = json.loads(self._pieces[number + 2])
        return self._bodies[number]

    def size_of(self, number: int) -> int:
        """How long a function's body is, in bytes of its facts."""
        return len(self._pieces[number + 2])

    def lowered(self, number: int) -> bytes:
        """The text of a function's facts in lower case; -1 stands for the module."""
        return self._pieces[number + 2].lower()

    def body_mentions(self, number: int, word: bytes) -> bool:
        """Whether the text of a function's body has these bytes in it; cheap, and never wrong when it says no."""
        return word in self._pieces[number + 2]

    def body_speaks(self, number: int, pattern: re.Pattern[bytes]) -> bool:
        """Whether a pattern is found in the text of a function's body."""
        return pattern.search(self._pieces[number + 2]) is not None

    def dumps(self) -> bytes:
        """The facts as bytes, for the cache."""
        return b"\n".join(self._pieces)

    @classmethod
    def loads(cls, path: str, data: bytes) -> FileFacts:
        """Facts from the cache; ValueError when the entry is not one."""
        pieces = data.split(b"\n")
        if len(pieces) < 2 or not pieces[0].startswith(b'{"words"'):
            raise ValueError("not an entry of facts")
        return cls(path, pieces)


def extract(source: syntax.Source) -> FileFacts:
    """The facts of a file that was read and parsed."""
    text = source.text
    odd = frozenset() if text.isascii() else _odd_lines(text)
    builder = Builder(syntax.char_columns(text) if odd else None, odd)
    module = builder.statements(source.tree.body)
    header: dict[str, Any] = {
        "words": " ".join(sorted(builder.words)),
        "imports": " ".join(sorted(builder.imports)),
        "decorators": " ".join(sorted(builder.decorators)),
        "functions": builder.functions,
    }
    if comments := directives(text):
        header["comments"] = comments
    return FileFacts(source.path, [_dump(piece) for piece in (header, module, *builder.bodies)])


def _odd_lines(text: str) -> frozenset[int]:
    """The lines on which characters and UTF-8 bytes differ in number."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return frozenset(number for number, line in enumerate(lines, 1) if not line.isascii())


def expression(text: str) -> Form | None:
    """The form of an annotation written as a string, or None when it is not an expression."""
    try:
        return Builder().expression(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_encode = json.JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":")).encode


def _dump(piece: object) -> bytes:
    return _encode(piece).encode("ascii")
