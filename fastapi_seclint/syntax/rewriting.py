"""Syntax newer than the running interpreter, rewritten into older by way of LibCST; lines and columns stay.

Read are PEP 695 and 696 type parameters and `type` statements, 701 f-strings, 750 t-strings (as f-strings), 758
`except A, B`, 798 unpacking in comprehensions and 810 `lazy import`. Only a file that needs it imports this module:
LibCST is slow to load.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from fastapi_seclint.syntax import TOO_DEEP, Unreadable, nesting, parse_plain
from fastapi_seclint.syntax.strings import StringNode, Strings

MAX_CHARACTERS = 1_000_000
"""Larger texts are not given to LibCST."""
_STACK_BYTES = 64 * 1024 * 1024
_RECURSION = 20_000
_ERROR_PLACE = re.compile(r"error at (\d+):(\d+)")
_MAY_BE_NEWER = ("invalid syntax", "expected '('", "expected ':'", "multiple exception types")


def parse_newer(text: str, error: SyntaxError) -> ast.Module:
    """The tree of a text with `\\n` line ends that the interpreter refused with `error`; raises Unreadable."""
    if len(text) > MAX_CHARACTERS:
        raise unreadable(error) from error
    line = nesting.too_deep_at(text)
    if line:
        raise Unreadable(line, TOO_DEEP) from error
    return _with_deep_stack(lambda: parse_inside(text, error))


def parse_inside(text: str, error: SyntaxError) -> ast.Module:
    """Like `parse_newer`, for a part of a text that was found shallow."""
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as failure:
        raise unreadable(error, _line_of(failure, text)) from error
    except (cst.CSTValidationError, cst.CSTLogicError) as failure:
        raise unreadable(error) from failure
    except (RecursionError, MemoryError) as failure:
        raise Unreadable(1, TOO_DEEP) from failure
    rewriting = _Rewriting(text)
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    wrapper.visit(rewriting)
    try:
        tree = parse_plain(rewriting.text())
    except SyntaxError as failure:
        raise unreadable(failure) from failure
    rewriting.strings.put_into(tree)
    return tree


def unreadable(error: SyntaxError, line: int | None = None) -> Unreadable:
    """What a syntax error is for the user; `line` is where LibCST gave up.

    The interpreter may have stopped earlier, at newer syntax, and in f-strings it may count lines from elsewhere.
    """
    own, message = max(error.lineno or 1, 1), error.msg or "invalid syntax"
    if line is not None and message.startswith("f-string"):
        return Unreadable(line, message)
    if line is not None and line > own and message.startswith(_MAY_BE_NEWER):
        return Unreadable(line, "invalid syntax")
    return Unreadable(own, message)


def _line_of(failure: cst.ParserSyntaxError, text: str) -> int:
    """The line of what LibCST refuses.

    Its message gives the end of that, and for the end of a line the beginning of what follows.
    """
    found = _ERROR_PLACE.search(failure.message)
    if found is None:
        return failure.raw_line
    line, lines = int(found[1]), text.split("\n")
    line = min(line, len(lines))
    if not lines[line - 1][: int(found[2])].strip():
        line = max((number for number in range(1, line) if lines[number - 1].strip()), default=line)
    return line


def _with_deep_stack(work: Callable[[], ast.Module]) -> ast.Module:
    """Run a recursive piece of work in a thread with a stack of its own size, whatever the platform's default."""
    outcome: list[ast.Module | BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            outcome.append(error)

    recursion, stack = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(max(recursion, _RECURSION))
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(stack)
        sys.setrecursionlimit(recursion)
    if isinstance(outcome[0], RecursionError):
        raise Unreadable(1, TOO_DEEP) from outcome[0]
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    if isinstance(outcome[0], BaseException):  # a panic of LibCST's parser
        raise Unreadable(1, "cannot be parsed") from outcome[0]
    return outcome[0]


class _Rewriting(cst.CSTVisitor):
    """Collects what to replace in a text, so that nothing else moves."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.strings = Strings(text, self._range)
        self._text = text
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._replacements: list[tuple[int, int, str]] = []

    def text(self) -> str:
        """The text in older syntax."""
        pieces: list[str] = []
        end = 0
        for start, stop, content in sorted(self._replacements):
            pieces += [self._text[end:start], content]
            end = stop
        return "".join((*pieces, self._text[end:]))

    def _range(self, node: cst.CSTNode) -> CodeRange:
        place = self.get_metadata(PositionProvider, node)
        assert isinstance(place, CodeRange)
        return place

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self._range(node)
        start = self._starts[place.start.line - 1] + place.start.column
        return start, self._starts[place.end.line - 1] + place.end.column

    def _replace(self, start: int, end: int, content: str) -> None:
        self._replacements.append((start, end, content))

    def visit_TypeParameters(self, node: cst.TypeParameters) -> bool:
        start, end = self._span(node)
        self._replace(start, end, _blank(self._text[start:end]))
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> None:
        start, _ = self._span(node)
        name, end = self._span(node.name)
        self._replace(start, end, self._text[name:end] + _blank(self._text[start:name]))

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        self._parenthesize(node.type)

    def visit_ExceptStarHandler(self, node: cst.ExceptStarHandler) -> None:
        self._parenthesize(node.type)

    def _parenthesize(self, caught: cst.BaseExpression | None) -> None:
        if not isinstance(caught, cst.Tuple) or caught.lpar:
            return
        start, end = self._span(caught)
        before = start - 1 if self._text[start - 1] == " " else start
        after = end + 1 if self._text[end : end + 1] == " " else end
        self._replace(before, start, "(")
        self._replace(end, after, ")")

    def visit_LazyImport(self, node: cst.LazyImport) -> None:
        self._make_eager(node, "import")

    def visit_LazyImportFrom(self, node: cst.LazyImportFrom) -> None:
        self._make_eager(node, "from")

    def _make_eager(self, node: cst.CSTNode, keyword: str) -> None:
        start, _ = self._span(node)
        end = self._text.index(keyword, start) + len(keyword)
        self._replace(start, end, keyword + _blank(self._text[start : end - len(keyword)]))

    def visit_ListComp(self, node: cst.ListComp) -> None:
        self._drop_star(node.elt)

    def visit_SetComp(self, node: cst.SetComp) -> None:
        self._drop_star(node.elt)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> None:
        self._drop_star(node.elt)

    def _drop_star(self, element: cst.CSTNode) -> None:
        if isinstance(element, cst.StarredElement):
            start, _ = self._span(element)
            self._replace(start, start + 1, " ")

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return self._string(node)

    def visit_TemplatedString(self, node: cst.TemplatedString) -> bool:
        return self._string(node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> bool:
        return self._string(node)

    def _string(self, node: StringNode) -> bool:
        start, end = self._span(node)
        if self.strings.is_newer(self._text[start:end]):
            self._replace(start, end, self.strings.placeholder(node, self._text[start:end]))
        return False


def _blank(text: str) -> str:
    """As many bytes of nothing, on as many lines."""
    return "".join("\\\n" if character == "\n" else " " * len(character.encode()) for character in text)
