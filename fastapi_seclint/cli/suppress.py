"""`seclint suppress`: comments above findings that are accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from fastapi_seclint import catalogue, engine, fixing
from fastapi_seclint.cli import console
from fastapi_seclint.cli.options import Command, project_options, run_options
from fastapi_seclint.discovery import NoSuchPath
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.engine.suppressing import commented
from fastapi_seclint.fixing import Change, FixOutcome, files
from fastapi_seclint.fixing.files import FileError, Original
from fastapi_seclint.outcome import Report
from fastapi_seclint.rule import Finding
from fastapi_seclint.suppressions.reading import says_nothing


@click.command(name="suppress", cls=Command, short_help="Write suppression comments, with a reason, above findings.")
@click.option("--rule", "names", multiple=True, required=True, metavar="RULE", help="Suppress findings of this rule.")
@click.option("--reason", required=True, help="Why they are accepted; one sentence that a reader can judge.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The last day on which they are.")
@click.option("--diff", is_flag=True, help="Show what would be written, and write nothing.")
@project_options
def suppress(names: tuple[str, ...], reason: str, until: datetime | None, diff: bool, **given: Any) -> int:
    """Write a suppression comment above every finding of a rule that is shown in PATHS [.].

    Each comment names the rule and the reason. Nothing is written unless the findings are gone afterwards.
    """
    if says_nothing(reason) or "\n" in reason or " # " in reason:
        raise click.UsageError("--reason must be one sentence that says what makes these places safe")
    try:
        codes = tuple(catalogue.find(name).code for name in names)
        paths = given["paths"] or (Path(),)
        options = run_options(given)
        if until and not options.isolated and until.date() < (options.today or date.today()):
            raise click.UsageError(f"--until {until.date()} has passed, so the comments would not act")
        options = replace(options, overrides=replace(options.overrides, select=codes, ignore=()))
        report = engine.analyse(paths, options, progress=console.progress(given["quiet"]))
        outcome = _outcome(report, options, reason, until)
        left = engine.analyse(paths, options, overlay=_overlay(outcome, options)).findings if outcome.changed else ()
    except (catalogue.UnknownRule, NoSuchPath, FileError) as error:
        raise click.UsageError(str(error)) from None
    places = [(_line_before(outcome, finding), finding) for finding in left]
    places += [(finding.location.span.line, finding) for finding, _ in outcome.withheld]
    for line, finding in places:
        console.complain(f"{finding.location.path}:{line}: {finding.rule.name} cannot be suppressed by a comment")
    if places:
        return 3
    if diff:
        console.write(fixing.diff(outcome), None)
    elif messages := fixing.write(outcome):
        for message in messages:
            console.complain(message)
        return 3
    _say(report.findings, outcome, diff=diff, quiet=given["quiet"])
    return 0


def _outcome(report: Report, options: Options, reason: str, until: datetime | None) -> FixOutcome:
    """The changed texts, as a fix has them."""
    changed: dict[str, Change] = {}
    originals: dict[str, Original] = {}
    for path in sorted({finding.location.path for finding in report.findings}):
        original = files.read(path, options.cwd)
        findings = [finding for finding in report.findings if finding.location.path == path]
        after = commented(original.text, findings, reason, until.date() if until else None)
        if after != original.text:
            originals[path] = original
            changed[path] = Change(original.text, after)
    without = [
        (finding, "there is no statement") for finding in report.findings if finding.location.path not in changed
    ]
    return FixOutcome(
        changed=changed,
        applied=report.findings,
        withheld=tuple(without),
        remaining=report,
        groups=tuple(frozenset([path]) for path in changed),
        originals=originals,
    )


def _line_before(outcome: FixOutcome, finding: Finding) -> int:
    """The line in the file of a finding in the text with comments, which are lines of their own."""
    line, change = finding.location.span.line, outcome.changed.get(finding.location.path)
    if change is None or change.before is None:
        return line
    before, number = change.before.splitlines(), 0
    for text in change.after.splitlines()[:line]:
        if number < len(before) and text == before[number]:
            number += 1
    return max(number, 1)


def _overlay(outcome: FixOutcome, options: Options) -> Mapping[Path, str]:
    return {options.cwd / path: change.after for path, change in outcome.changed.items()}


def _say(findings: Sequence[Finding], outcome: FixOutcome, *, diff: bool, quiet: bool) -> None:
    if not quiet:
        count, places = len(findings), len(outcome.changed)
        verb = "would suppress" if diff else "suppressed"
        console.note(
            f"{verb} {count} {'finding' if count == 1 else 'findings'} in {places} {'file' if places == 1 else 'files'}"
            if count
            else "nothing to suppress"
        )
