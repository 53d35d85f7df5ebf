"""What was found in the programs of one project, as the one result of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi_seclint.engine.stored import Examined
from fastapi_seclint.program.table import RouteTable
from fastapi_seclint.rule import Finding


def order(finding: Finding) -> tuple[object, ...]:
    """What findings are sorted by."""
    return (*finding.sort_key, finding.symbol, finding.route or ("", ""))


def together(found: Sequence[Examined]) -> Examined:
    """One result of several, of the same files and configuration; what is in two of the programs is told once.

    A rule ran to the end where it did so in each program; a key of the configuration matches nothing where it does so
    in none of them.
    """
    first, *others = found
    if not others:
        return first
    unique = dict.fromkeys(finding for one in found for finding in one.findings)
    return replace(
        first,
        findings=tuple(sorted(unique, key=order)),
        failures=tuple(dict.fromkeys(failure for one in found for failure in one.failures)),
        apps=sum(one.apps for one in found),
        table=_table([one.table for one in found if one.table is not None]),
        ran=tuple(code for code in first.ran if all(code in one.ran for one in others)),
        unmatched=tuple(key for key in first.unmatched if all(key in one.unmatched for one in others)),
    )


def _table(tables: Sequence[RouteTable]) -> RouteTable | None:
    if not tables:
        return None
    routes = [row for table in tables for row in table.routes]
    unresolved = {row for table in tables for row in table.unresolved}
    return RouteTable(
        apps=tuple(sorted((row for table in tables for row in table.apps), key=lambda row: (row.name, row.location))),
        routes=tuple(sorted(routes, key=lambda row: (row.app, row.path, row.methods, row.kind, row.endpoint))),
        unresolved=tuple(sorted(unresolved, key=lambda row: (row.location, row.reason))),
    )
