"""Variables and imports of a function that edits leave without a use: they go with what used them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from fastapi_seclint.edits.named import Edit
from fastapi_seclint.edits.text import Splice, Text

_LINES = 30
_WORD = re.compile(r"[^\W\d]\w*")
_DEF = re.compile(r"[ \t]*(?:async[ \t]+)?def\b")
_ASSIGNED = re.compile(r"([ \t]+)(\w+)[ \t]*=[ \t]*(?!=)(\S[^\r\n]*)")
_IMPORTED = re.compile(r"([ \t]+)(?:import[ \t]+\w+|from[ \t]+[\w.]+[ \t]+import[ \t]+\w+)(?:[ \t]+as[ \t]+\w+)?[ \t]*")
_HARMLESS = frozenset(
    [
        "join",
        "format",
        "str",
        "len",
        "repr",
        "sorted",
        "get",
        "upper",
        "lower",
        "strip",
        "title",
        "exc_info",
        "get_unverified_header",
        "get_unverified_claims",
        "format_exc",
        "model_dump",
        "model_dump_json",
        "dict",
        "json",
        "copy",
        "items",
        "values",
        "keys",
    ]
)
"""What may go when nobody wants its result; other calls stay as statements."""


def without_local_leftovers(
    text: Text, made: Sequence[Splice], edits: Sequence[Edit], others: Sequence[Edit]
) -> list[Splice]:
    """The splices, and those that take what only the replaced code of a function used out of that function.

    Only statements on one line go, whose name nothing else in the function mentions, comments and strings included. A
    call that may do something is kept without its name, over several lines too.
    """
    result = list(made)
    wanted = {word for edit in (*edits, *others) for word in _WORD.findall(str(getattr(edit, "code", "")))}
    for start, end in sorted({_function(text, one.start) for one in made if one.end > one.start} - {(0, 0)}):
        inside = [one for one in result if start <= one.start and one.end <= end]
        gone = {word for one in inside for word in _WORD.findall(text.code[one.start : one.end])} - wanted
        rest = Text(text.code[start:end]).spliced([Splice(o.start - start, o.end - start, o.content) for o in inside])
        words = _WORD.findall(rest)
        once = {word for word in gone if words.count(word) == 1}
        found = [*_statements(text, start, end, once)]
        result += [one for one in found if not any(_touch(one, other) for other in result)]
    return result


def _function(text: Text, offset: int) -> tuple[int, int]:
    """Where the function around an offset stands; nothing for code outside of functions."""
    at = text.line_start(offset)
    least = len(text.indent(at))
    while at > 0:
        at = text.line_start(at - 1)
        line = text.code[at : text.line_end(at)]
        indent = len(text.indent(at))
        if line.strip() and line.lstrip()[0] not in ")]}" and indent < least:
            least = indent
            if _DEF.match(line):
                return at, _end(text, text.next_line(offset), indent)
    return 0, 0


def _end(text: Text, at: int, indent: int) -> int:
    """Where the body of a function that is indented so far ends, from a line in it on."""
    while at < len(text.code):
        if not text.is_blank(at, text.line_end(at)) and len(text.indent(at)) <= indent and text.code[at] not in ")#":
            return at
        at = text.next_line(at)
    return at


def _statements(text: Text, start: int, end: int, names: set[str]) -> Iterator[Splice]:
    at = start
    while at < end and names:
        line = text.code[at : text.line_end(at)]
        following = text.next_line(at)
        assigned, imported = _ASSIGNED.fullmatch(line), _IMPORTED.fullmatch(line)
        if assigned and assigned[2] in names and not _inside_brackets(text, at, line):
            value = _expression(assigned[3])
            if value is None:
                value = _over_lines(text, at + assigned.start(3), end)
                if value is None or _HARMLESS.issuperset(_calls(value)) or not _does_something(value):
                    at = following
                    continue
                yield Splice(at + assigned.start(2), at + assigned.start(3), "")
            else:
                calls = [call for call in _calls(value) if call not in _HARMLESS]
                if calls and _does_something(value):
                    yield Splice(at + assigned.start(2), at + assigned.start(3), "")
                elif not calls and _has_neighbour(text, at):
                    yield Splice(at, following, "")
        elif imported and _WORD.findall(line)[-1] in names and _has_neighbour(text, at):
            yield Splice(at, following, "")
        at = following


def _expression(code: str) -> cst.BaseExpression | None:
    try:
        return cst.parse_expression(code)
    except cst.ParserSyntaxError:
        return None


def _inside_brackets(text: Text, at: int, line: str) -> bool:
    """Whether a line is a part of a call or a display over several lines: `status_code=400,` is no assignment."""
    above = text.code[:at].rstrip()
    return line.rstrip().endswith(",") or above.endswith(("(", "[", "{", ","))


def _over_lines(text: Text, start: int, end: int) -> cst.BaseExpression | None:
    """The expression that begins at an offset and ends with a line that closes its brackets."""
    stop = text.line_end(start)
    for _ in range(_LINES):
        stop = text.line_end(text.next_line(stop))
        if stop >= end:
            return None
        if text.code[start:stop].rstrip().endswith(")") and (value := _expression(text.code[start:stop])) is not None:
            return value
    return None


def _does_something(value: cst.BaseExpression) -> bool:
    """Whether an expression is a call, or the wait for one, that stands well alone: it makes no object."""
    call = value.expression if isinstance(value, cst.Await) else value
    if not isinstance(call, cst.Call):
        return False
    func = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
    return isinstance(func, cst.Name) and not func.value[:1].isupper()


def _calls(value: cst.BaseExpression) -> list[str]:
    """The last names of what an expression calls; `await` and the like count as calls of nothing known."""
    found: list[str] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
            found.append(func.value if isinstance(func, cst.Name) else "")

        def visit_Await(self, node: cst.Await) -> None:
            found.append("")

        def visit_Yield(self, node: cst.Yield) -> None:
            found.append("")

    value.visit(Visitor())
    return found


def _has_neighbour(text: Text, at: int) -> bool:
    """Whether the line below is a statement of the same block, so that the block is not left empty."""
    below = text.next_line(at)
    if below >= len(text.code) or text.is_blank(below, text.line_end(below)):
        return False
    return text.indent(below) == text.indent(at)


def _touch(one: Splice, other: Splice) -> bool:
    """Whether two splices meet; what is put above a statement does not meet the one that takes it out."""
    if other.start == other.end == one.start < one.end:
        return False
    return (one.start < other.end and other.start < one.end) or one.start <= other.start <= one.end
