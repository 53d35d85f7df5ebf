"""Where secrets stand in the lines that a report shows, so that no output repeats them."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from functools import cached_property

from fastapi_seclint.report.cells import Mask
from fastapi_seclint.report.lines import lines_of
from fastapi_seclint.rule import Finding
from fastapi_seclint.spans import Span

_QUOTED = re.compile(r"""[A-Za-z]{0,2}('''|\"""|'|")""")
_FALLBACK = re.compile(r"""(['"])(?:\\.|(?!\1).)*(?:\1|$)""")
_STARTS = frozenset(
    code for name in ("FSTRING_START", "TSTRING_START") if (code := getattr(tokenize, name, None)) is not None
)
_ENDS = frozenset(
    code for name in ("FSTRING_END", "TSTRING_END") if (code := getattr(tokenize, name, None)) is not None
)


def holds_secrets(finding: Finding) -> bool:
    """Whether the lines of a finding are those of a secret."""
    return finding.rule.code.startswith("FSL1")


class Secrets:
    """The string literals that must not be shown.

    On the lines of a finding about secrets those are all; elsewhere those whose text such a finding has flagged.
    """

    def __init__(self, findings: Iterable[Finding], sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._literals: dict[str, dict[int, list[Mask]]] = {}
        self._findings = [finding for finding in findings if holds_secrets(finding)]

    def masks(self, finding: Finding, path: str, number: int, line: str) -> list[Mask]:
        """The columns of a line that are masked when it is shown for a finding."""
        if holds_secrets(finding):
            return self._of(path).get(number, [])
        if not self._flagged:
            return []
        literals = self._of(path).get(number, [])
        return [(start, end) for start, end in literals if line[start - 1 : end - 1] in self._flagged]

    @cached_property
    def _flagged(self) -> frozenset[str]:
        return frozenset(text for finding in self._findings for text in self._texts(finding))

    def _texts(self, finding: Finding) -> Iterable[str]:
        path, span = finding.location.path, finding.location.span
        lines = lines_of(self._sources.get(path, ""))
        for number in range(span.line, min(span.end_line, len(lines)) + 1):
            for start, end in self._of(path).get(number, []):
                text = lines[number - 1][start - 1 : end - 1]
                if len(text) > 3 and _inside(span, number, start, end):
                    yield text

    def _of(self, path: str) -> dict[int, list[Mask]]:
        if path not in self._literals:
            self._literals[path] = literals(self._sources.get(path, ""))
        return self._literals[path]


def literals(text: str) -> dict[int, list[Mask]]:
    """The columns of the string literals on each line, quotes left out."""
    lines = lines_of(text)
    found: dict[int, list[Mask]] = {}
    begun: list[tuple[tuple[int, int], int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            if token.type == tokenize.STRING and not begun:
                quote = _QUOTED.match(token.string)
                lead, tail = (quote.end(), len(quote[1])) if quote else (0, 0)
                _add(found, lines, token.start, token.end, lead, tail)
            elif token.type in _STARTS:
                begun.append((token.start, len(token.string)))
            elif token.type in _ENDS and begun:
                start, lead = begun.pop()
                if not begun:
                    _add(found, lines, start, token.end, lead, len(token.string))
    except (tokenize.TokenError, SyntaxError):
        return {number: _quoted(line) for number, line in enumerate(lines, start=1)}
    return found


def _quoted(line: str) -> list[Mask]:
    """The quoted parts of a line of a text that has no tokens; one that is not closed runs to the end."""
    parts = []
    for match in _FALLBACK.finditer(line):
        closed = len(match[0]) > 1 and match[0].endswith(match[1])
        parts.append((match.start() + 2, match.end() if closed else match.end() + 1))
    return parts


def _add(
    found: dict[int, list[Mask]],
    lines: list[str],
    start: tuple[int, int],
    end: tuple[int, int],
    lead: int,
    tail: int,
) -> None:
    for number in range(start[0], end[0] + 1):
        first = start[1] + lead + 1 if number == start[0] else 1
        last = end[1] - tail + 1 if number == end[0] else len(lines[number - 1]) + 1
        if last > first:
            found.setdefault(number, []).append((first, last))


def _inside(span: Span, line: int, start: int, end: int) -> bool:
    return (span.line, span.column) <= (line, end) and (line, start) <= (span.end_line, span.end_column)
