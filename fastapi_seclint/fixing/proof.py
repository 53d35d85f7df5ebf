"""What makes a fix proven: its finding is gone, every file still parses, and nothing new is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fastapi_seclint.outcome import Report
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Finding

_OF_REFUSALS = "missing-www-authenticate"
"""What is said of how a guard refuses, once it guards something; a refusal that a fix writes has its header."""
BRINGS_UP = "it brings up"
"""How an objection begins that names a finding which was not there before."""
Key = tuple[str, str, str, tuple[str, str] | None]


def key(finding: Finding) -> Key:
    """What a finding is about whatever line it moves to: its rule, file, symbol and route."""
    return (finding.rule.code, finding.location.path, finding.symbol, finding.route)


def objection(before: Report, after: Report, mended: Sequence[Finding]) -> str:
    """Why two reports do not prove that the findings `mended` are mended and nothing broke; empty when they do."""
    failures = {failure.name for failure in after.failures} - {failure.name for failure in before.failures}
    if failures:
        return f"checking the result failed: {', '.join(sorted(failures))}"
    unreadable = {error.path for error in before.errors}
    for error in after.errors:
        if error.path not in unreadable:
            return f"the result does not parse: {error.path}:{error.line}: {error.message}"
    return _new_findings(before, after, mended)


def _new_findings(before: Report, after: Report, mended: Sequence[Finding]) -> str:
    gone = Counter(map(key, mended))
    allowed = Counter(map(key, before.findings)) - gone
    for finding in after.findings:
        if allowed[key(finding)] > 0:
            allowed[key(finding)] -= 1
        elif gone[key(finding)] > 0:
            return "the mistake is still there afterwards"
        elif finding.rule.review is None and not any(_masked(finding, by, before, after) for by in mended):
            return f"{BRINGS_UP} {finding.rule.name} at {finding.location}"
    return ""


def _masked(finding: Finding, by: Finding, before: Report, after: Report) -> bool:
    """Whether a finding may rightly come up once another one is mended."""
    if finding.rule.name == _OF_REFUSALS and BEHIND_AUTHENTICATION[0] in by.masks:
        return _line(finding, after) in _lines(finding, before)
    if finding.rule.name not in by.masks and finding.rule.code not in by.masks:
        return False
    if finding.rule.name == "missing-authorization" and by.rule.name == "unprotected-route":
        return finding.symbol == by.symbol  # others only differ from it now
    if finding.rule.name in BEHIND_AUTHENTICATION or (finding.rule == by.rule and finding.route != by.route):
        return True
    if by.route is not None and finding.route is not None:
        return finding.route == by.route
    if by.route is None:
        return finding.location.path in _paths(by)
    return finding.symbol == by.symbol and finding.location.path == by.location.path


def _line(finding: Finding, report: Report) -> str:
    lines = _lines(finding, report)
    return lines[finding.location.span.line - 1] if finding.location.span.line <= len(lines) else ""


def _lines(finding: Finding, report: Report) -> list[str]:
    return [line.strip() for line in report.sources.get(finding.location.path, "").split("\n")]


def _paths(finding: Finding) -> set[str]:
    """The files that a finding concerns."""
    edited = [edit.path for edit in finding.fix.edits] if finding.fix else []
    return {finding.location.path, *(item.location.path for item in finding.evidence), *edited}
