"""The catalogue and the page of a rule, as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi_seclint.report.cells import columns, padded
from fastapi_seclint.rule import Rule

HEADINGS = ("CODE", "NAME", "SEVERITY", "CONFIDENCE", "PERSONA", "FIX", "SUMMARY")


def render_text(rules: Iterable[Rule]) -> str:
    """A table of the rules."""
    rows = [HEADINGS, *map(_row, rules)]
    widths = columns(rows)
    lines = ("  ".join(padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def render_markdown(rules: Iterable[Rule]) -> str:
    """A Markdown table of the rules."""
    rows = [tuple(word.capitalize() for word in HEADINGS), ("---",) * len(HEADINGS), *map(_row, rules)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def render_json(rules: Iterable[Rule]) -> str:
    """The rules as a JSON array."""
    return json.dumps([_json(rule) for rule in rules], indent=2) + "\n"


def page_text(rule: Rule, page: str) -> str:
    """The facts of a rule and its page."""
    return f"{rule.code} {rule.name}\n{_facts(rule)}\n\n{page.rstrip()}\n"


def page_markdown(rule: Rule, page: str) -> str:
    """The page with the facts of its rule below the title."""
    title, _, rest = page.partition("\n")
    return f"{title}\n\n*{rule.code} {rule.name}: {_facts(rule)}*\n\n{rest.strip()}\n"


def page_json(rule: Rule, page: str) -> str:
    """The facts of a rule and its page as a JSON object."""
    return json.dumps({**_json(rule), "page": page}, indent=2) + "\n"


def _row(rule: Rule) -> tuple[str, ...]:
    fix = "" if rule.fixable == "none" else rule.fixable
    return (rule.code, rule.name, rule.severity, rule.confidence, rule.persona, fix, rule.summary)


def _facts(rule: Rule) -> str:
    """Severity, confidence, persona, fix, weakness numbers and guide section in a line."""
    facts = [f"severity {rule.severity}", f"confidence {rule.confidence}", f"persona {rule.persona}"]
    facts.append("no fix" if rule.fixable == "none" else f"{rule.fixable} fix")
    facts += [f"CWE-{number}" for number in rule.cwe]
    facts += [f"OWASP {entry}:2023" for entry in rule.owasp]
    return ", ".join([*facts, f"guide section {rule.guide}"] if rule.guide else facts)


def _json(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "persona": rule.persona,
        "fix": rule.fixable,
        "cwe": list(rule.cwe),
        "owasp": list(rule.owasp),
        "guide": rule.guide,
    }


RENDERERS: Mapping[str, Callable[[Iterable[Rule]], str]] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
}
PAGE_RENDERERS: Mapping[str, Callable[[Rule, str], str]] = {
    "text": page_text,
    "markdown": page_markdown,
    "json": page_json,
}
