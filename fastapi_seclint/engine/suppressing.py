"""Suppression comments written above findings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from fastapi_seclint.facts.comments import statement_starts
from fastapi_seclint.rule import Finding

_NEWLINE = re.compile(r"\r\n|\r|\n")


def commented(text: str, findings: Iterable[Finding], reason: str, until: date | None = None) -> str:
    """The text of a file with one comment above each statement that has findings, naming their rules and the reason."""
    start_of = statement_starts(text)
    starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
    found = _NEWLINE.search(text)
    newline = found[0] if found else "\n"
    rules: dict[int, list[str]] = {}
    for finding in findings:
        line = start_of(finding.location.span.line)
        if line and finding.rule.name not in rules.setdefault(line, []):
            rules[line].append(finding.rule.name)
    for line in sorted(rules, reverse=True):
        start = starts[line - 1]
        blank = re.compile(r"[ \t\f]*").match(text, start)
        listed = ", ".join([*rules[line], *([f"until={until}"] if until else [])])
        comment = f"{blank[0] if blank else ''}# seclint: ignore[{listed}] -- {reason}{newline}"
        text = text[:start] + comment + text[start:]
    return text
