"""`seclint check` and `seclint fix`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from fastapi_seclint import engine
from fastapi_seclint.cli import console
from fastapi_seclint.cli.options import CheckOptions, Command, check_options
from fastapi_seclint.discovery import NoSuchPath
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.outcome import Report

Targets = list[tuple[str, Path | None]]
"""Formats and where each goes; None is standard output."""
UNREADABLE = "unreadable-file"
STRICT = frozenset({"malformed-suppression", "stale-configuration"})
"""Rules whose findings fail a `--strict` run, whatever the gate."""
FORMATS = ("text", "concise", "json", "github")


@click.command(name="check", cls=Command, short_help="Find security mistakes (the default verb).")
@check_options
def check(**given: Any) -> int:
    """Find the security mistakes of FastAPI projects; PATHS are files and directories [.]."""
    return _check(CheckOptions(**given))


@click.command(name="fix", cls=Command, short_help="Repair what can be repaired: `check --fix`.")
@check_options
def fix(**given: Any) -> int:
    """Find and repair security mistakes; the same as `check --fix`."""
    return _check(CheckOptions(**{**given, "fix": True}))


def _check(options: CheckOptions) -> int:
    targets = _targets(options)
    paths = options.paths or (Path(),)
    run = options.run()
    try:
        if options.fix or options.fix_only or options.diff:
            return _mended(paths, options, run, targets)
        report = engine.analyse(paths, run, progress=console.progress(options.quiet))
    except NoSuchPath as error:
        raise click.UsageError(str(error)) from None
    _show(report, options, targets)
    return exit_code(report, options)


def _mended(paths: Sequence[Path], options: CheckOptions, run: Options, targets: Targets) -> int:
    """Repair, or show as a diff what would be repaired; the exit code of what remains in the files."""
    from fastapi_seclint import fixing
    from fastapi_seclint.cli import mending

    outcome = mending.mend(paths, options, run)
    if options.diff:
        console.write(fixing.diff(outcome), options.output)
        written = True
    else:
        written = mending.write(outcome)
    report = engine.analyse(paths, run, progress=console.progress(options.quiet))
    mending.tell(outcome, report, options)
    if options.diff or options.fix_only:
        _say(report, options)
    else:
        _show(report, options, targets)
    code = 0 if options.fix_only and not report.failures and report.checked else exit_code(report, options)
    if not written or not outcome.converged:
        return 3
    return 1 if code == 0 and options.exit_non_zero_on_fix and outcome.changed else code


def _show(report: Report, options: CheckOptions, targets: Targets) -> None:
    """Write the report in every format asked for, and the rest to standard error."""
    for name, file in targets:
        console.write(_rendered(name, report, options, file), file)
    _say(report, options)


def _say(report: Report, options: CheckOptions) -> None:
    if not options.quiet:
        for text in (*report.notes, *(report.details if options.verbose else ())):
            console.note(text)
    told = {finding.location.path for finding in report.findings if finding.rule.name == UNREADABLE}
    untold = [error for error in report.errors if error.path not in told]
    console.report_trouble(untold, report.failures, trace=options.verbose)


def exit_code(report: Report, options: CheckOptions) -> int:
    """The exit code that a report means under the options."""
    if report.failures:
        return 3
    if report.excluded:
        return 0
    if report.checked == 0 or (options.require_app and report.apps == 0):
        return 4
    if options.exit_zero:
        return 0
    strictly = report.errors or any(finding.rule.name in STRICT for finding in report.findings)
    return 1 if report.failing or (options.strict and strictly) else 0


def _targets(options: CheckOptions) -> Targets:
    """The formats asked for and where each goes; a usage error when two would share a place."""
    targets: Targets = []
    for text in options.formats or ("concise" if options.hook else "text",):
        name, _, file = text.partition("=")
        if name not in FORMATS:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
        targets.append((name, Path(file) if file else options.output))
    places = [place for _, place in targets]
    if len(set(places)) < len(places):
        raise click.UsageError("two formats cannot go to the same place: name a file for one, as in --format json=FILE")
    return targets


def _rendered(name: str, report: Report, options: CheckOptions, file: Path | None) -> str:
    """The report in one format; colours only where it goes to a terminal or they are wanted."""
    if name == "json":
        from fastapi_seclint.report import json

        return json.render(report)
    if name == "github":
        from fastapi_seclint.report import github

        return github.render(report)
    if name == "concise":
        from fastapi_seclint.report import concise

        return concise.render(
            report, summary=not options.quiet, counts=options.statistics, hidden=options.show_suppressed
        )
    from fastapi_seclint.report import text

    color = console.wants_color(options.color, sys.stdout) and (file is None or options.color == "always")
    style = text.Style(color, not options.no_snippet, not options.quiet, options.statistics, options.show_suppressed)
    return text.render(report, style)
