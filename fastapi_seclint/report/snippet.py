"""Source lines with numbers, carets below the place of a finding and dashes below what led to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fastapi_seclint.report.cells import Line, Mask
from fastapi_seclint.report.paint import Paint
from fastapi_seclint.report.words import harmless
from fastapi_seclint.spans import Span

LINES_OF_A_SPAN = 3


@dataclass(frozen=True, slots=True)
class Label:
    """A span to underline: with carets when primary, else with dashes; and what to say there."""

    span: Span
    text: str
    primary: bool


def snippet(
    lines: Sequence[str],
    labels: Sequence[Label],
    masks: Callable[[int], Sequence[Mask]],
    gutter: int,
    paint: Paint,
) -> Iterator[str]:
    """The lines of the labels in order, `...` where lines are left out; nothing for lines that do not exist."""
    bar = f"{' ' * gutter} {paint.frame('|')}"
    marked: dict[int, list[Label]] = {}
    for label in labels:
        last = min(label.span.end_line, label.span.line + LINES_OF_A_SPAN - 1, len(lines))
        for number in range(label.span.line, last + 1):
            marked.setdefault(number, []).append(label)
    if not marked:
        return
    yield bar
    before = None
    for number in sorted(marked):
        if before is not None and number > before + 1:
            yield paint.frame("...")
        before = number
        yield from _line(number, lines[number - 1], marked[number], masks(number), gutter, paint)
    if any(label.span.end_line >= before + 1 for label in marked[before]) if before else False:
        yield paint.frame("...")
    yield bar


def _line(
    number: int,
    text: str,
    labels: Sequence[Label],
    masks: Sequence[Mask],
    gutter: int,
    paint: Paint,
) -> Iterator[str]:
    """A source line and the rows below it, the primary label's first."""
    line = Line(text, masks)
    ordered = sorted(labels, key=lambda label: not label.primary)
    window = line.window(_columns(ordered[0].span, number, line)[0])
    shown = line.shown(window)
    bar = paint.frame("|")
    yield f"{paint.frame(str(number).rjust(gutter))} {bar} {shown}".rstrip()
    for label in ordered:
        start, end = _columns(label.span, number, line)
        row = line.underline(start, end, "^" if label.primary else "-", window)
        last = number == min(label.span.end_line, label.span.line + LINES_OF_A_SPAN - 1)
        words = f" {harmless(label.text)}" if label.text and last else ""
        marks = paint.primary(row) if label.primary else paint.frame(row)
        yield f"{' ' * gutter} {bar} {marks}{words}"


def _columns(span: Span, number: int, line: Line) -> tuple[int, int]:
    """The columns of a span on one of its lines."""
    start = span.column if number == span.line else line.indent
    return start, span.end_column if number == span.end_line else line.end
