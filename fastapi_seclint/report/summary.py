"""The last line of a report for people, and its numbers by rule."""

from __future__ import annotations

from collections import Counter

from fastapi_seclint.outcome import Report
from fastapi_seclint.report.cells import columns, padded
from fastapi_seclint.report.words import count
from fastapi_seclint.rule import SEVERITIES


def summary_line(report: Report) -> str:
    """How many findings of which severity in how many files, and what could be fixed."""
    files = count(report.files, "file")
    tail = f"; {len(report.suppressed)} suppressed" if report.suppressed else ""
    if not report.findings:
        return f"Found nothing in {files}{tail}."
    severities = Counter(finding.severity for finding in report.findings)
    counts = ", ".join(f"{severities[severity]} {severity}" for severity in SEVERITIES if severities[severity])
    touched = len({finding.location.path for finding in report.findings})
    # Some of them are no Python files that were looked at: the configuration, a directory that cannot be opened.
    places = f"{touched} of {files}" if touched <= report.files else count(touched, "file")
    return f"Found {len(report.findings)} ({counts}) in {places}{_fixable(report)}{tail}."


def statistics(report: Report) -> str:
    """A line a rule, most findings first; empty without findings."""
    counts = Counter((finding.rule.code, finding.rule.name) for finding in report.findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [(str(number), code, name) for (code, name), number in ordered]
    widths = columns(rows) if rows else []
    return "".join(f"{row[0].rjust(widths[0])}  {padded(row[1], widths[1])}  {row[2]}\n" for row in rows)


def _fixable(report: Report) -> str:
    fixes = [finding.fix for finding in report.findings if finding.fix]
    safe = sum(fix.safe for fix in fixes)
    unsafe = len(fixes) - safe
    if safe:
        return f"; {safe} fixable with --fix" + (f", {unsafe} more with --unsafe-fixes" if unsafe else "")
    return f"; {unsafe} fixable with --fix --unsafe-fixes" if unsafe else ""
