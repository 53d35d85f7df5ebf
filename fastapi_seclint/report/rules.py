"""The catalogue and the pages of rules, as text, Markdown and JSON."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi_seclint.report.cells import columns, padded
from fastapi_seclint.report.standards import risks, sections, weaknesses
from fastapi_seclint.rule import Rule

HEADINGS = ("CODE", "NAME", "ENABLED", "SEVERITY", "CONFIDENCE", "PERSONA", "FIX", "SUMMARY")
WIDTH = 100

_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_FENCE = re.compile(r"(`{3,}|~{3,})[\w+-]*[ \t]*")
_FILE = re.compile(r"`([^`\s]+)`")


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule and why it does not run here or shows nothing; empty when it does."""

    rule: Rule
    why_not: str = ""


def render_text(rules: Iterable[Listed]) -> str:
    """A table of the rules."""
    rows = [HEADINGS, *map(_row, rules)]
    widths = columns(rows)
    lines = ("  ".join(padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def render_markdown(rules: Iterable[Listed]) -> str:
    """A Markdown table of the rules."""
    rows = [tuple(word.capitalize() for word in HEADINGS), ("---",) * len(HEADINGS), *map(_row, rules)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def render_json(rules: Iterable[Listed]) -> str:
    """The rules as a JSON array."""
    rows = [{**_json(item.rule), "enabled": not item.why_not, "why_not": item.why_not} for item in rules]
    return json.dumps(rows, indent=2) + "\n"


def pages_text(pages: Iterable[tuple[Rule, str]]) -> str:
    """Pages for a terminal: the facts of each rule, then its page as plain text."""
    return ("\n" + "=" * 80 + "\n\n").join(map(_page_text, *zip(*pages, strict=True)))


def pages_markdown(pages: Iterable[tuple[Rule, str]]) -> str:
    """Pages as Markdown, the facts of each rule below its title."""
    return "\n".join(map(_page_markdown, *zip(*pages, strict=True)))


def pages_json(pages: Iterable[tuple[Rule, str]]) -> str:
    """The facts of the rules and their pages as a JSON array."""
    return json.dumps([_page_json(rule, page) for rule, page in pages], indent=2) + "\n"


def page_json(rule: Rule, page: str) -> str:
    """The facts of one rule and its page as a JSON object."""
    return json.dumps(_page_json(rule, page), indent=2) + "\n"


def _row(item: Listed) -> tuple[str, ...]:
    rule = item.rule
    fix = "" if rule.fixable == "none" else rule.fixable
    enabled = "no" if item.why_not else "yes"
    return (rule.code, rule.name, enabled, rule.severity, rule.confidence, rule.persona, fix, rule.summary)


def _page_text(rule: Rule, page: str) -> str:
    width = max(len(name) for name, _ in _facts(rule))
    lines = [f"{rule.code} {rule.name}", rule.summary, ""]
    last = ""
    for name, value in _facts(rule):
        lines.append(f"  {'' if name == last else name:<{width}}  {value}".rstrip())
        last = name
    title, _, body = page.partition("\n")
    lines += ["", title.removeprefix("# "), "=" * len(title.removeprefix("# "))]
    return "\n".join([*lines, *_plain(body.rstrip().split("\n"))]).rstrip() + "\n"


def _plain(lines: list[str]) -> Iterator[str]:
    """Markdown as plain text: code indented, headings underlined, links written out, prose filled."""
    fence = ""
    prose: list[str] = []
    for line in [*lines, ""]:
        plain = not (fence or _FENCE.fullmatch(line) or _FILE.fullmatch(line.strip()))
        if plain and line.strip() and not line.startswith(("#", "|", "    ")):
            if line.startswith("- "):
                yield from _filled(prose)
                prose = []
            prose.append(line.strip())
            continue
        yield from _filled(prose)
        prose = []
        if fence:
            fence = "" if line.rstrip() == fence else fence
            if fence:
                yield f"    {line}".rstrip()
        elif opened := _FENCE.fullmatch(line):
            fence = opened[1]
        elif line.startswith("## "):
            yield from (line[3:], "-" * len(line[3:]))
        elif file := _FILE.fullmatch(line.strip()):
            yield f"{file[1]}:"
        else:
            yield line


def _filled(prose: list[str]) -> list[str]:
    """The lines of a paragraph or of an item of a list, as wide as a terminal."""
    text = _LINK.sub(r"\1 <\2>", " ".join(prose))
    indent = "  " if text.startswith("- ") else ""
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _page_markdown(rule: Rule, page: str) -> str:
    title, _, rest = page.partition("\n")
    rows = "".join(f"| {name} | {value} |\n" for name, value in _facts(rule, markdown=True))
    return f"{title}\n\n`{rule.name}` ({rule.code}): {rule.summary}\n\n| | |\n| --- | --- |\n{rows}\n{rest.strip()}\n"


def _page_json(rule: Rule, page: str) -> dict[str, Any]:
    return {
        **_json(rule),
        "weaknesses": [dict(zip(("id", "name", "url"), item, strict=True)) for item in weaknesses(rule)],
        "risks": [dict(zip(("id", "name", "url"), item, strict=True)) for item in risks(rule)],
        "guide_sections": sections(rule),
        "page": page,
    }


def _facts(rule: Rule, *, markdown: bool = False) -> Iterator[tuple[str, str]]:
    """What there is to know of a rule before its page: name and value, names repeated for several values."""
    code = "`{}`" if markdown else "{}"
    yield "severity", rule.severity
    yield "confidence", f"{rule.confidence}, as far as a finding does not say otherwise"
    yield "shown", _shown(rule, code)
    yield "fix", _fix(rule, code)
    for name, found in (("weakness", weaknesses(rule)), ("OWASP API", risks(rule))):
        for identifier, title, url in found:
            text = f"{identifier} {title}".strip()
            yield name, f"[{text}]({url})" if markdown else f"{text} <{url}>"
    for section in sections(rule):
        yield "guide", section
    if rule.review is None and rule.name != "unreadable-file":
        yield "suppress", code.format(f"# seclint: ignore[{rule.name}] -- why this is right here")
    yield "leave out", code.format(f'ignore = ["{rule.name}"]') + " in [tool.seclint]"
    yield "leave out", code.format(f'"scripts/**" = ["{rule.name}"]') + " in [tool.seclint.per-path-ignores]"
    other = "high" if rule.severity == "low" else "low"
    yield "weigh", code.format(f'{rule.name} = "{other}"') + " in [tool.seclint.severity]"


def _shown(rule: Rule, code: str) -> str:
    if rule.persona == "regular":
        return "always"
    option, key = code.format(f"--persona {rule.persona}"), code.format(f'persona = "{rule.persona}"')
    return f"with {option}" + (" or auditor" if rule.persona == "pedantic" else "") + f", or {key} in [tool.seclint]"


def _fix(rule: Rule, code: str) -> str:
    if rule.fixable == "none":
        return "none, a person has to decide"
    options = "" if rule.fixable == "safe" else " --unsafe-fixes"
    command = code.format(f"seclint fix --select {rule.name}{options}")
    return f"{rule.fixable}, where one is possible: {command}"


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


RENDERERS: Mapping[str, Callable[[Iterable[Listed]], str]] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
}
PAGE_RENDERERS: Mapping[str, Callable[[Iterable[tuple[Rule, str]]], str]] = {
    "text": pages_text,
    "markdown": pages_markdown,
    "json": pages_json,
}
