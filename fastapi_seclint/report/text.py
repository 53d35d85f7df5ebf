"""`--format text`: each finding with its source lines, what led to it, and how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi_seclint.outcome import Report
from fastapi_seclint.report.lines import lines_of
from fastapi_seclint.report.paint import Paint
from fastapi_seclint.report.secrets import Secrets
from fastapi_seclint.report.snippet import Label, snippet
from fastapi_seclint.report.summary import statistics, summary_line
from fastapi_seclint.report.words import harmless, level
from fastapi_seclint.rule import Evidence, Finding

SHOWN_EVIDENCE = 8
"""Further places of a finding that are shown; of more the number is said."""


@dataclass(frozen=True, slots=True)
class Style:
    """How much of a report is shown, and whether in colour."""

    color: bool = False
    snippets: bool = True
    summary: bool = True
    statistics: bool = False
    suppressed: bool = False


def render(report: Report, style: Style | None = None) -> str:
    """The report for people."""
    style = style or Style()
    return _Renderer(report, style).text()


class _Renderer:
    def __init__(self, report: Report, style: Style) -> None:
        self._report = report
        self._style = style
        self._paint = Paint(style.color)
        self._secrets = Secrets((*report.findings, *report.suppressed), report.sources)
        self._lines: dict[str, list[str]] = {}

    def text(self) -> str:
        hidden = self._report.suppressed if self._style.suppressed else ()
        blocks = ["\n".join(self._finding(finding)) + "\n" for finding in (*self._report.findings, *hidden)]
        if self._style.statistics:
            blocks.append(statistics(self._report))
        if self._style.summary:
            blocks.append(summary_line(self._report) + "\n")
        return "\n".join(block for block in blocks if block)

    def _finding(self, finding: Finding) -> Iterator[str]:
        paint, rule = self._paint, finding.rule
        word = level(finding.severity)
        place = finding.location
        said = "suppressed" if finding.suppressed_by else word
        title = paint.level(f"{said}[{rule.code} {rule.name}]", word)
        yield title + paint.bold(f": {harmless(finding.message)}")
        here = [item for item in finding.evidence if item.location.path == place.path][:SHOWN_EVIDENCE]
        others = [item for item in finding.evidence if item.location.path != place.path][: SHOWN_EVIDENCE - len(here)]
        spans = [place.span, *(item.location.span for item in (*here, *others))]
        gutter = len(str(max(span.end_line for span in spans)))
        yield f"{' ' * gutter}{paint.frame('-->')} {harmless(place.path)}:{place.span.line}:{place.span.column}"
        yield from self._places(finding, place.path, [Label(place.span, "", True), *map(_label, here)], gutter)
        for path in dict.fromkeys(item.location.path for item in others):
            labels = [_label(item) for item in others if item.location.path == path]
            yield f"{' ' * gutter}{paint.frame(':::')} {harmless(path)}:{labels[0].span.line}"
            yield from self._places(finding, path, labels, gutter)
        more = len(finding.evidence) - len(here) - len(others)
        margin = f"{' ' * gutter} {paint.frame('=')} "
        if more:
            yield f"{margin}and {more} more {'place' if more == 1 else 'places'}, which --format json lists"
        if by := finding.suppressed_by:
            reason = f'"{harmless(by.reason)}"' if by.reason else "without a reason"
            yield f"{margin}suppressed: {by.kind} at {harmless(str(by.location))}, {reason}"
        if finding.fix:
            yield f'{margin}fix: {"safe" if finding.fix.safe else "unsafe"}, "{harmless(finding.fix.title)}"'
        yield f"{margin}help: seclint rule {rule.name}"

    def _places(self, finding: Finding, path: str, labels: list[Label], gutter: int) -> Iterator[str]:
        """The lines of the labels in one file, or the labels' texts alone where lines are not wanted."""
        if path not in self._report.sources or not self._style.snippets:
            for label in labels:
                if label.text:
                    yield f"{' ' * gutter} {self._paint.frame('|')} line {label.span.line}: {harmless(label.text)}"
            return
        if path not in self._lines:
            self._lines[path] = lines_of(self._report.sources[path])
        lines = self._lines[path]
        yield from snippet(
            lines,
            labels,
            lambda number: self._secrets.masks(finding, path, number, lines[number - 1]),
            gutter,
            self._paint,
        )


def _label(item: Evidence) -> Label:
    return Label(item.location.span, item.message, False)
