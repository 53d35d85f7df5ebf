"""What a run found, as JSON for the cache: a run in which nothing changed loads no facts and builds no program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi_seclint import __version__
from fastapi_seclint.outcome import Failure, ReadError
from fastapi_seclint.program.table import AppRow, Guards, RouteRow, RouteTable, Unresolved
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location, Span

if TYPE_CHECKING:
    from fastapi_seclint.facts.comments import Row


@dataclass(frozen=True, slots=True)
class Examined:
    """What the rules found in one project before any filter, or its route table; and what could not be read.

    `comments` are the rows of `facts.comments` by path, `words` the code and the complaint for each word in their
    brackets. `ran` are the codes of the rules that ran to the end, `idle` those that only ran to tell whether ignoring
    them is of use, `reviews` the names of the rules about the run, `unmatched` keys of configuration without a match.
    """

    findings: tuple[Finding, ...] = ()
    unreadable: tuple[ReadError, ...] = ()
    failures: tuple[Failure, ...] = ()
    files: int = 0
    apps: int = 0
    table: RouteTable | None = None
    comments: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ran: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()


@cache
def tool_digest() -> str:
    """A digest of the version and of the package's own sources, so that no result outlives the code that made it."""
    digest = blake2b(__version__.encode(), digest_size=16)
    package = Path(__file__).parent.parent
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def dumps(examined: Examined) -> bytes:
    """The entry of a run without failures."""
    value = {
        "rules": [_rule(rule) for rule in dict.fromkeys(finding.rule for finding in examined.findings)],
        "findings": [_finding(finding) for finding in examined.findings],
        "unreadable": [[error.path, error.line, error.message] for error in examined.unreadable],
        "files": examined.files,
        "apps": examined.apps,
        "table": asdict(examined.table) if examined.table else None,
        "comments": examined.comments,
        "words": examined.words,
        "about": [examined.ran, examined.idle, examined.reviews, examined.unmatched],
    }
    return json.dumps(value, separators=(",", ":")).encode()


def loads(entry: bytes) -> Examined:
    """The run again; raises ValueError for anything that is not such an entry."""
    try:
        value = json.loads(entry)
        ran, idle, reviews, unmatched = value["about"]
        rules = {row[1]: _read_rule(row) for row in value["rules"]}
        return Examined(
            findings=tuple(_read_finding(item, rules[item["rule"]]) for item in value["findings"]),
            unreadable=tuple(ReadError(*item) for item in value["unreadable"]),
            files=value["files"],
            apps=value["apps"],
            table=_read_table(value["table"]) if value["table"] else None,
            comments=tuple((path, tuple(tuple(row) for row in rows)) for path, rows in value["comments"]),
            words={word: (code, complaint) for word, (code, complaint) in value["words"].items()},
            ran=tuple(ran),
            idle=tuple(idle),
            reviews=tuple(reviews),
            unmatched=tuple(unmatched),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a stored result: {error}") from None


def _place(location: Location) -> list[str | int]:
    span = location.span
    return [location.path, span.line, span.column, span.end_line, span.end_column]


def _read_place(value: Sequence[Any]) -> Location:
    return Location(value[0], Span(*value[1:]))


def _rule(rule: Rule) -> list[Any]:
    kinds = [rule.severity, rule.confidence, rule.persona]
    return [rule.code, rule.name, rule.summary, *kinds, rule.cwe, rule.owasp, rule.guide, rule.fixable]


def _read_rule(row: Sequence[Any]) -> Rule:
    """The rule as a report speaks of it: to import the module of its check takes longer than to read a result."""
    code, name, summary, severity, confidence, persona, cwe, owasp, guide, fixable = row
    return Rule(code, name, summary, severity, confidence, persona, tuple(cwe), tuple(owasp), guide, fixable)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.name,
        "at": _place(finding.location),
        "message": finding.message,
        "kept": [finding.severity, finding.confidence, finding.persona, finding.symbol],
        "route": finding.route,
        "evidence": [[_place(item.location), item.message] for item in finding.evidence],
        "fix": _fix(finding.fix) if finding.fix else None,
        "masks": finding.masks,
    }


def _read_finding(value: dict[str, Any], rule: Rule) -> Finding:
    severity, confidence, persona, symbol = value["kept"]
    return Finding(
        rule=rule,
        location=_read_place(value["at"]),
        message=value["message"],
        severity=severity,
        confidence=confidence,
        persona=persona,
        symbol=symbol,
        route=tuple(value["route"]) if value["route"] else None,
        evidence=tuple(Evidence(_read_place(place), message) for place, message in value["evidence"]),
        fix=_read_fix(value["fix"]) if value["fix"] else None,
        masks=tuple(value["masks"]),
    )


def _fix(fix: Fix) -> list[Any]:
    from fastapi_seclint import edits

    return [fix.title, fix.safe, [edits.to_json(edit) for edit in fix.edits]]


def _read_fix(value: Sequence[Any]) -> Fix:
    from fastapi_seclint import edits

    title, safe, changes = value
    return Fix(title, safe, tuple(edits.from_json(change) for change in changes))


def _read_table(value: dict[str, Any]) -> RouteTable:
    return RouteTable(
        apps=tuple(AppRow(row["name"], _row_place(row)) for row in value["apps"]),
        routes=tuple(_read_row(row) for row in value["routes"]),
        unresolved=tuple(Unresolved(_row_place(row), row["reason"]) for row in value["unresolved"]),
    )


def _row_place(row: dict[str, Any]) -> Location:
    return Location(row["location"]["path"], Span(**row["location"]["span"]))


def _read_row(row: dict[str, Any]) -> RouteRow:
    def strings(items: Iterable[str]) -> tuple[str, ...]:
        return tuple(items)

    return RouteRow(
        app=row["app"],
        path=row["path"],
        methods=strings(row["methods"]),
        kind=row["kind"],
        endpoint=row["endpoint"],
        location=_row_place(row) if row["location"] else None,
        dependencies=strings(row["dependencies"]),
        guards=Guards(**{name: strings(items) for name, items in row["guards"].items()}),
        protection=row["protection"],
        included_through=strings(row["included_through"]),
        reason=row["reason"],
    )
