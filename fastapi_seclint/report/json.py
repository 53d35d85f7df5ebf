"""`--format json`: one object, the contract of docs and tests (schema version 1)."""

from __future__ import annotations

import json
from typing import Any

from fastapi_seclint import __version__
from fastapi_seclint.outcome import Failure, ReadError, Report, Survey
from fastapi_seclint.program.table import RouteRow
from fastapi_seclint.report.fingerprints import fingerprints
from fastapi_seclint.report.words import json_range
from fastapi_seclint.rule import SEVERITIES, Finding, Fix, SuppressedBy
from fastapi_seclint.spans import Location

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """The report, which must have its `replacements`, as one JSON object with a final newline."""
    marks = fingerprints((*report.findings, *report.suppressed), report.sources)
    count = len(report.findings)
    return _dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "fastapi-seclint", "version": __version__},
            "summary": summary(report),
            "findings": [_finding(item, mark, report) for item, mark in zip(report.findings, marks, strict=False)],
            "suppressed": [
                _finding(item, mark, report) for item, mark in zip(report.suppressed, marks[count:], strict=True)
            ],
            "errors": _errors(report.errors, report.failures),
        }
    )


def render_routes(survey: Survey) -> str:
    """The route table as one JSON object with a final newline."""
    return _dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "apps": [
                {"name": app.name, "path": app.location.path, "line": app.location.span.line}
                for app in survey.table.apps
            ],
            "routes": [_route(row) for row in survey.table.routes],
            "unresolved": [
                {"path": item.location.path, "line": item.location.span.line, "reason": item.reason}
                for item in survey.table.unresolved
            ],
            "errors": _errors(survey.errors, survey.failures),
        }
    )


def summary(report: Report) -> dict[str, Any]:
    """Numbers of files read, findings by severity, findings with a fix, and suppressed ones."""
    severities = [finding.severity for finding in report.findings]
    return {
        "files": report.files,
        "by_severity": {severity: severities.count(severity) for severity in SEVERITIES},
        "fixable": sum(finding.fix is not None for finding in report.findings),
        "suppressed": len(report.suppressed),
    }


def _dumps(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _finding(finding: Finding, mark: str, report: Report) -> dict[str, Any]:
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "persona": finding.persona,
        "message": finding.message,
        "path": finding.location.path,
        "range": json_range(finding.location.span),
        "symbol": finding.symbol,
        "route": {"method": finding.route[0], "path": finding.route[1]} if finding.route else None,
        "evidence": [_evidence(item.location, item.message) for item in finding.evidence],
        "cwe": list(finding.rule.cwe),
        "guide": finding.rule.guide,
        "fingerprint": mark,
        "fix": _fix(finding.fix, report) if finding.fix else None,
        **({"suppressed_by": _suppressed_by(finding.suppressed_by)} if finding.suppressed_by else {}),
    }


def _suppressed_by(by: SuppressedBy) -> dict[str, Any]:
    return {"path": by.location.path, "range": json_range(by.location.span), "kind": by.kind, "reason": by.reason}


def _evidence(location: Location, message: str) -> dict[str, Any]:
    return {"path": location.path, "range": json_range(location.span), "message": message}


def _fix(fix: Fix, report: Report) -> dict[str, Any] | None:
    """A fix with its named edits resolved to replacements of text; None if they do not fit the text."""
    found = report.replacements[fix]
    if found is None:
        return None
    changes = []
    for item in found:
        place = json_range(item.span)
        changes.append({"path": item.path, "start": place["start"], "end": place["end"], "content": item.content})
    return {"applicability": "safe" if fix.safe else "unsafe", "title": fix.title, "edits": changes}


def _errors(errors: tuple[ReadError, ...], failures: tuple[Failure, ...]) -> list[dict[str, Any]]:
    return [
        *({"path": error.path, "line": error.line, "message": error.message} for error in errors),
        *({"path": ".", "line": 1, "message": f"{item.name} failed: {item.message}"} for item in failures),
    ]


def _route(row: RouteRow) -> dict[str, Any]:
    return {
        "app": row.app,
        "path": row.path,
        "methods": sorted(row.methods),
        "kind": row.kind,
        "endpoint": row.endpoint,
        "file": row.location.path if row.location else None,
        "line": row.location.span.line if row.location else None,
        "dependencies": list(row.dependencies),
        "guards": {
            "authentication": list(row.guards.authentication),
            "authorization": list(row.guards.authorization),
            "rate_limit": list(row.guards.rate_limit),
        },
        "protection": row.protection,
        "reason": row.reason,
        "included_through": list(row.included_through),
    }
