"""`--format concise`: a line a finding."""

from __future__ import annotations

from fastapi_seclint.outcome import Report
from fastapi_seclint.report.summary import statistics, summary_line
from fastapi_seclint.report.words import harmless
from fastapi_seclint.rule import Finding


def render(report: Report, *, summary: bool = True, counts: bool = False, hidden: bool = False) -> str:
    """`path:line:col: CODE name severity [*] message`; `[*]` has a safe fix, `[-]` an unsafe one.

    `hidden` asks for suppressed findings, too, in place of the mark with `[suppressed at LINE: reason]`.
    """
    findings = sorted((*report.findings, *report.suppressed), key=lambda item: item.sort_key)
    lines = [_line(finding) for finding in (findings if hidden else report.findings)]
    if counts:
        lines.append(statistics(report))
    if summary:
        lines.append(summary_line(report) + "\n")
    return "".join(lines)


def _line(finding: Finding) -> str:
    span, rule = finding.location.span, finding.rule
    mark = "" if finding.fix is None else "[*] " if finding.fix.safe else "[-] "
    if by := finding.suppressed_by:
        mark = f"[suppressed at {by.location.span.line}: {harmless(by.reason) or 'without a reason'}] "
    place = f"{harmless(finding.location.path)}:{span.line}:{span.column}"
    return f"{place}: {rule.code} {rule.name} {finding.severity} {mark}{harmless(finding.message)}\n"
