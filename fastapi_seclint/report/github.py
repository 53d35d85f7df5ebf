"""`--format github`: annotations of a workflow run."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.outcome import Report
from fastapi_seclint.report.words import Level, harmless, level
from fastapi_seclint.rule import SEVERITIES, Finding

PER_LEVEL = 9
"""The runner keeps ten annotations of a level; the last one says how many are left."""

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report) -> str:
    """Workflow commands, the severest first, at most nine of a level and a line that counts the rest."""
    return "".join(f"{line}\n" for name in _COMMANDS for line in _of_level(name, report))


def _of_level(name: Level, report: Report) -> Iterator[str]:
    findings = [finding for finding in report.findings if level(finding.severity) == name]
    findings.sort(key=lambda finding: (SEVERITIES.index(finding.severity), finding.sort_key))
    yield from (_command(finding, _COMMANDS[name]) for finding in findings[:PER_LEVEL])
    rest = len(findings) - PER_LEVEL
    if rest > 0:
        yield f"::{_COMMANDS[name]}::and {rest} more {'finding' if rest == 1 else 'findings'} of this level in the log"


def _command(finding: Finding, command: str) -> str:
    span, rule = finding.location.span, finding.rule
    properties = {
        "file": harmless(finding.location.path),
        "line": str(span.line),
        "col": str(span.column),
        "endLine": str(span.end_line),
    }
    if span.end_line == span.line:
        properties["endColumn"] = str(span.end_column)
    properties["title"] = f"{rule.code} {rule.name}"
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{command} {listed}::{_data(harmless(finding.message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
