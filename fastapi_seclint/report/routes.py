"""The route table for people and spreadsheets: text, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

from fastapi_seclint.outcome import Survey
from fastapi_seclint.program.table import PROTECTIONS, RouteRow
from fastapi_seclint.report.cells import columns, padded, width
from fastapi_seclint.report.words import count, harmless

HEADINGS = ("METHOD", "PATH", "HANDLER", "PROTECTION", "GUARDS")
CSV_HEADINGS = (
    *("app", "methods", "path", "kind", "endpoint", "file", "line", "protection"),
    *("authentication", "authorization", "rate_limit", "dependencies", "reason"),
)
LEAST, LEAST_GUARDS = 12, 30
"""Columns below which no cell is cut, and below which guards are not cut before others."""


def render_text(survey: Survey, terminal: int | None = None) -> str:
    """A table for each application, what could not be resolved, and a summary; cut to the terminal's width if given."""
    rows = [[harmless(cell) for cell in _cells(row)] for row in survey.table.routes]
    widths = _fitting(columns([HEADINGS, *rows]), terminal)
    lines: list[str] = []
    for app in dict.fromkeys(row.app for row in survey.table.routes):
        lines += [harmless(app), _row(HEADINGS, widths)]
        lines += [_row(cells, widths) for cells, row in zip(rows, survey.table.routes, strict=True) if row.app == app]
        lines.append("")
    if survey.table.unresolved:
        lines.append("could not be resolved")
        lines += [f"  {harmless(f'{item.location}: {item.reason}')}" for item in survey.table.unresolved]
        lines.append("")
    return "\n".join([*lines, summary(survey)]) + "\n"


def render_csv(survey: Survey) -> str:
    """One line a route with a header; several values in a cell are separated by blanks."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADINGS)
    for row in survey.table.routes:
        place = [row.location.path, row.location.span.line] if row.location else ["", ""]
        guards = [row.guards.authentication, row.guards.authorization, row.guards.rate_limit, row.dependencies]
        plain = [row.app, " ".join(row.methods), row.path, row.kind, row.endpoint, *place, row.protection]
        writer.writerow([_inert(cell) for cell in [*plain, *map(" ".join, guards), row.reason]])
    return out.getvalue()


def render_markdown(survey: Survey) -> str:
    """A Markdown table and the summary."""
    lines = ["| " + " | ".join(word.capitalize() for word in HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
    lines += ["| " + " | ".join(_markdown(cell) for cell in _cells(row)) + " |" for row in survey.table.routes]
    if survey.table.unresolved:
        lines += ["", "Could not be resolved:", ""]
        lines += [f"- {_markdown(f'{item.location}: {item.reason}')}" for item in survey.table.unresolved]
    return "\n".join([*lines, "", summary(survey)]) + "\n"


def summary(survey: Survey) -> str:
    """One line: applications, routes by protection, and what could not be resolved."""
    counts = Counter(row.protection for row in survey.table.routes)
    parts = [f"{counts[protection]} {protection}" for protection in PROTECTIONS if counts[protection]]
    routes = count(len(survey.table.routes), "route") + (f": {', '.join(parts)}" if parts else "")
    unresolved = f"; {len(survey.table.unresolved)} unresolved" if survey.table.unresolved else ""
    return f"{count(len(survey.table.apps), 'application')}, {routes}{unresolved}"


def _cells(row: RouteRow) -> list[str]:
    """Methods, path, handler, protection and guards of a route; the pages of the docs are FastAPI's own."""
    handler = str(row.location) if row.location else "(FastAPI)" if row.kind == "docs" else row.endpoint
    guards = (*row.guards.authentication, *row.guards.authorization, *row.guards.rate_limit)
    said = ", ".join(dict.fromkeys(name.rpartition(".")[2] for name in guards))
    if row.reason:
        said = f"{said} ({row.reason})" if said else row.reason
    return [",".join(row.methods) or row.kind.upper(), row.path, handler, row.protection, said]


def _fitting(widths: list[int], terminal: int | None) -> list[int]:
    """The widths of the columns cut until the table fits: the last one first, then the widest ones."""
    if terminal is None:
        return widths
    too_wide = sum(widths) + 2 * (len(widths) - 1) - terminal
    cut = max(0, min(too_wide, widths[-1] - LEAST_GUARDS))
    widths = [*widths[:-1], widths[-1] - cut]
    for _ in range(too_wide - cut):
        widest = max(range(len(widths)), key=lambda index: widths[index])
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The cells side by side; the ends of long ones are kept, where paths differ, but the start of the last one."""
    shown = [padded(_end(cell, size), size) for cell, size in zip(cells[:-1], widths, strict=False)]
    return "  ".join([*shown, _start(cells[-1], widths[-1])]).rstrip()


def _end(text: str, size: int) -> str:
    if width(text) <= size:
        return text
    while width(text) > size - 3:
        text = text[1:]
    return f"...{text}"


def _start(text: str, size: int) -> str:
    if width(text) <= size:
        return text
    while width(text) > size - 3:
        text = text[:-1]
    return f"{text}..."


def _inert(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _markdown(text: str) -> str:
    escaped = harmless(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return escaped.replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")
