"""What one file says, as plain data: its forms, its functions, the words in it. No syntax tree leaves this room."""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, cast

from fastapi_seclint import syntax
from fastapi_seclint.facts.build import Builder
from fastapi_seclint.facts.comments import Row, directives
from fastapi_seclint.facts.forms import Form, Forms, line_of
from fastapi_seclint.facts.spoken import Spoken, inner_of
from fastapi_seclint.syntax.aliases import known_names

VERSION = "1"

__all__ = ["MODULE", "VERSION", "FileFacts", "expression", "extract"]
MODULE = -1
"""The number that stands for a module's own statements where functions have theirs."""


class FileFacts:
    """The facts of one file, decoded piece by piece: a header, the module's block, and the body of each function.

    `path` is for display. Pieces are JSON texts, a line each: what is not asked for is never decoded.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._data = data
        self._ends = list(accumulate(len(piece) + 1 for piece in data.split(b"\n")))
        self._bodies: dict[int, list[Form]] = {}
        self._forms: dict[int, Forms] = {}
        self._speaking: dict[tuple[bytes, bool], Sequence[int]] = {}

    @cached_property
    def _header(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._data[: self._ends[0]]))

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

    def imports_from(self, package: str) -> bool:
        """Whether something is imported from a top-level package, or from below it."""
        return package in self._packages

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
        return cast("list[Form]", json.loads(self._piece(MODULE)))

    @cached_property
    def refusers(self) -> list[int]:
        """The numbers of the functions that only make an exception from what they are given and raise or return it."""
        return cast("list[int]", self._header.get("refusers", []))

    @cached_property
    def annotations(self) -> dict[int, Form]:
        """What assignments in functions are annotated with, by the places of the statements."""
        return dict(self._header.get("annotations", ()))

    @cached_property
    def results(self) -> dict[int, str]:
        """The names of what is returned where it is made, by the places of the statements: `x = f()`, `return x`."""
        return dict(self._header.get("results", ()))

    @cached_property
    def renamed(self) -> dict[str, set[str]]:
        """The names under which the file imports symbols: `{"b": {"c"}}` for `from a import b as c`."""
        found: dict[str, set[str]] = {}
        for number in self.speaking(b'["from"'):
            for form in self.forms(number).of("from"):
                for name, alias in form[4]:
                    if alias:
                        found.setdefault(name, set()).add(alias)
        return found

    def body(self, number: int) -> list[Form]:
        """The statements of a function, or of the module."""
        if number == MODULE:
            return self.module
        if number not in self._bodies:
            self._bodies[number] = json.loads(self._piece(number))
        return self._bodies[number]

    def forms(self, number: int) -> Forms:
        """Every form of a function, or of the module."""
        if number not in self._forms:
            self._forms[number] = Forms(self.body(number))
        return self._forms[number]

    def rewritten(self, bodies: Mapping[int, list[Form]], words: Iterable[str], refusers: Iterable[int]) -> FileFacts:
        """The same facts with other bodies, of functions or the module, the words that came in, and more refusers."""
        header = {**self._header, "words": " ".join(sorted(self.words.union(words)))}
        header["refusers"] = sorted({*self.refusers, *refusers})
        numbers = range(MODULE, len(self.functions))
        pieces = [_dump(bodies[number]) if number in bodies else self._piece(number) for number in numbers]
        return FileFacts(self.path, b"\n".join([_dump(header), *pieces]))

    def around(self, line: int) -> list[int]:
        """The numbers of the functions that a line may lie in, outermost first."""
        found: list[int] = []
        number = bisect_right(self._first_lines, line) - 1
        while number >= 0:
            found.append(number)
            number = self.functions[number][2]
        return found[::-1]

    def inside(self, number: int) -> list[int]:
        """The numbers of the functions that a function defines itself."""
        return self._inner.get(number, [])

    def size_of(self, number: int) -> int:
        """How long a function's body is, in bytes of its facts."""
        return self._ends[number + 2] - self._ends[number + 1] - 1

    def lowered(self, number: int) -> bytes:
        """The text of a function's facts in lower case; -1 stands for the module."""
        return self._lowered[self._ends[number + 1] : self._ends[number + 2] - 1]

    def speaking(self, *words: bytes, folded: bool = False) -> list[int]:
        """The numbers of the functions, and of the module, whose text has one of these bytes in it, in order.

        Cheap, and never wrong about those it leaves out. `folded` looks at the text in lower case.
        """
        if len(words) == 1:
            return list(self._with(words[0], folded))
        found: set[int] = set()
        for word in words:
            found.update(self._with(word, folded))
        return sorted(found)

    def body_mentions(self, number: int, word: bytes) -> bool:
        """Whether the text of a function's body has these bytes in it; cheap, and never wrong when it says no."""
        inner = inner_of(word)
        if inner is not None and inner[1]:
            return number in self._spoken.whole(inner[0], False)
        return self._data.find(word, self._ends[number + 1], self._ends[number + 2]) >= 0

    def body_speaks(self, number: int, pattern: re.Pattern[bytes]) -> bool:
        """Whether a pattern is found in the text of a function's body."""
        return pattern.search(self._data, self._ends[number + 1], self._ends[number + 2] - 1) is not None

    def dumps(self) -> bytes:
        """The facts as bytes, for the cache."""
        return self._data

    @classmethod
    def loads(cls, path: str, data: bytes) -> FileFacts:
        """Facts from the cache; ValueError when the entry is not one."""
        if b"\n" not in data or not data.startswith(b'{"words"'):
            raise ValueError("not an entry of facts")
        return cls(path, data)

    @cached_property
    def _packages(self) -> frozenset[str]:
        return frozenset(name.partition(".")[0] for name in self.imports)

    @cached_property
    def _inner(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number, (_, _, around) in enumerate(self.functions):
            found.setdefault(around, []).append(number)
        return found

    @cached_property
    def _first_lines(self) -> list[int]:
        return [line_of(at) for _, at, _ in self.functions]

    @cached_property
    def _lowered(self) -> bytes:
        return self._data.lower()

    def _piece(self, number: int) -> bytes:
        return self._data[self._ends[number + 1] : self._ends[number + 2] - 1]

    def _with(self, word: bytes, folded: bool) -> Sequence[int]:
        key = (word, folded)
        if key not in self._speaking:
            inner = inner_of(word)
            if inner is None:
                found: Sequence[int] = self._found(word, folded)
            else:
                found = self._spoken.whole(inner[0], folded) if inner[1] else self._spoken.part(word, folded)
            self._speaking[key] = found
        return self._speaking[key]

    @cached_property
    def _spoken(self) -> Spoken:
        return Spoken(self._data[self._ends[0] :].split(b"\n"), MODULE)

    def _found(self, word: bytes, folded: bool) -> tuple[int, ...]:
        text, ends, found = self._lowered if folded else self._data, self._ends, []
        at = text.find(word, ends[0])
        while at >= 0:
            piece = bisect_right(ends, at)
            found.append(piece - 2)
            at = text.find(word, ends[piece])
        return tuple(found)


def extract(source: syntax.Source) -> FileFacts:
    """The facts of a file that was read and parsed."""
    text = source.text
    odd = frozenset() if text.isascii() else _odd_lines(text)
    columns = syntax.char_columns(text) if odd else None
    builder = Builder(columns, odd, known_names(source.tree))
    module = builder.module(source.tree.body)
    header: dict[str, Any] = {
        "words": " ".join(sorted(builder.words)),
        "imports": " ".join(sorted(builder.imports)),
        "decorators": " ".join(sorted(builder.decorators)),
        "functions": builder.functions,
    }
    if builder.refusers:
        header["refusers"] = builder.refusers
    if builder.annotations:
        header["annotations"] = builder.annotations
    if builder.results:
        header["results"] = builder.results
    if comments := directives(text):
        header["comments"] = comments
    return FileFacts(source.path, b"\n".join(_dump(piece) for piece in (header, module, *builder.bodies)))


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
