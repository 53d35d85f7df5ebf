"""`seclint explain` for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi_seclint.explanation import ExplainedFinding, ExplainedRoute, ExplainedValue, Explanation, Link
from fastapi_seclint.report.words import harmless, json_range
from fastapi_seclint.spans import Location

SCHEMA_VERSION = 1
SHOWN_RULES = 12


def render_text(found: Explanation, line: str = "") -> str:
    """The explanation; `line` is the text of the line, shown where nothing on it may be a secret."""
    secret = any(item.finding.rule.code.startswith("FSL1") for item in found.findings)
    title = str(found.location)
    if line.strip() and not secret and '"' not in line and "'" not in line:
        title += f"  {line.strip()}"
    lines = [harmless(title)]
    lines += [f"  {harmless(text)}" for text in found.there]
    if found.asked:
        lines += ["", harmless(f"{found.asked}: {found.asked_says}")]
    for item in found.findings:
        lines += ["", *map(harmless, _finding(item))]
    if not found.findings and not found.asked:
        lines += ["", harmless(_nothing(found))]
    for route in found.routes:
        lines += ["", *map(harmless, _route(route))]
    if found.values:
        lines += ["", "what the names here are:"]
        lines += [f"  {harmless(_value(item))}" for item in found.values]
    return "\n".join(lines) + "\n"


def _nothing(found: Explanation) -> str:
    """What to say where nothing is found."""
    text = f"no rule finds anything here ({found.rules} ran)"
    if found.looked:
        names = list(found.looked[:SHOWN_RULES])
        more = len(found.looked) - len(names)
        text += f"; among those that looked: {', '.join(names)}" + (f" and {more} more" if more else "")
    return text


def _finding(item: ExplainedFinding) -> Iterator[str]:
    finding = item.finding
    rule = finding.rule
    said = f", {item.decided_by}" if item.decided_by else ""
    yield f"{rule.code} {rule.name}: {item.status}{said}"
    yield f"  {finding.message}"
    yield f"  at {finding.location}:{finding.location.span.column}"
    for evidence in finding.evidence:
        yield f"  because of {evidence.location}: {evidence.message}"
    yield f"  severity {finding.severity}{_by_default(finding.severity, rule.severity)}"
    yield f"  confidence {finding.confidence}{_by_default(finding.confidence, rule.confidence)}: {_meaning(item)}"
    if finding.fix:
        flag = "--fix" if finding.fix.safe else "--fix --unsafe-fixes"
        yield f"  fix: {finding.fix.title} ({'safe' if finding.fix.safe else 'unsafe'}, with {flag})"
    elif rule.fixable != "none":
        yield "  fix: none at this place, though the rule has one elsewhere"
    else:
        yield "  fix: none, a person has to decide"
    yield f"  more: seclint rule {rule.name}"


def _by_default(value: str, default: str) -> str:
    return "" if value == default else f" (the rule's own is {default})"


def _meaning(item: ExplainedFinding) -> str:
    return {
        "high": "what it is about was followed to where it is written",
        "medium": "part of it goes by names, or by what is usual",
        "low": "it is a guess worth a look",
    }[item.finding.confidence]


def _route(route: ExplainedRoute) -> Iterator[str]:
    yield f"{'/'.join(route.methods) or route.kind.upper()} {route.path} of {route.app}: {route.protection}"
    if route.reason:
        yield f"  because {route.reason}" if not route.decided_by else f"  by {route.decided_by}: {route.reason}"
    for item in route.excused:
        yield f"  {item.rule} leaves it alone: {item.why}"
    for place in route.included_through:
        yield f"  included at {place}"
    yield "  a request meets:"
    for link in route.chain:
        yield f"    {_link(link)}"


def _link(link: Link) -> str:
    where = link.place or link.written
    effects = " and ".join(link.effects) if link.effects else "lets everybody pass"
    if link.kind == "handler" and not link.effects:
        effects = "runs"
    note = f" ({link.note})" if link.note else ""
    place = f" [{where}]" if where is not None else ""
    return f"{'  ' * link.depth}{link.kind} {link.name}{place}: {effects}{note}"


def _value(item: ExplainedValue) -> str:
    where = f" [{item.place}]" if item.place else ""
    return f"{item.name}{'' if item.name.endswith('=') else ' ='} {item.value}{where}"


def render_json(found: Explanation) -> str:
    """The explanation as one JSON object."""
    value = {
        "schema_version": SCHEMA_VERSION,
        "path": found.location.path,
        "line": found.location.span.line,
        "there": list(found.there),
        "findings": [_finding_json(item) for item in found.findings],
        "routes": [_route_json(route) for route in found.routes],
        "values": [{"name": item.name, "value": item.value, **_at(item.place)} for item in found.values],
        "looked": list(found.looked),
        "rules": found.rules,
        "asked": {"rule": found.asked, "says": found.asked_says} if found.asked else None,
    }
    return json.dumps(value, indent=2) + "\n"


def _finding_json(item: ExplainedFinding) -> dict[str, Any]:
    finding = item.finding
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "status": item.status,
        "decided_by": item.decided_by,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "persona": finding.persona,
        "message": finding.message,
        "path": finding.location.path,
        "range": json_range(finding.location.span),
        "evidence": [
            {"path": one.location.path, "range": json_range(one.location.span), "message": one.message}
            for one in finding.evidence
        ],
        "fix": {"applicability": "safe" if finding.fix.safe else "unsafe", "title": finding.fix.title}
        if finding.fix
        else None,
    }


def _route_json(route: ExplainedRoute) -> dict[str, Any]:
    return {
        "app": route.app,
        "methods": sorted(route.methods),
        "path": route.path,
        "kind": route.kind,
        "endpoint": route.endpoint,
        "protection": route.protection,
        "reason": route.reason,
        "decided_by": route.decided_by,
        "excused": [{"rule": item.rule, "why": item.why} for item in route.excused],
        "included_through": [str(place) for place in route.included_through],
        "chain": [_link_json(link) for link in route.chain],
    }


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "kind": link.kind,
        "name": link.name,
        "depth": link.depth,
        "parameter": link.parameter,
        "effects": list(link.effects),
        "note": link.note,
        "defined": _at(link.place),
        "written": _at(link.written),
    }


def _at(place: Location | None) -> dict[str, Any]:
    return {"path": place.path, "line": place.span.line} if place is not None else {"path": None, "line": None}
