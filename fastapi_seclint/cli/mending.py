"""`--fix`, `--diff` and what belongs to them: which findings are repaired, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from fastapi_seclint import catalogue, engine, fixing, selection
from fastapi_seclint.cli import console
from fastapi_seclint.cli.options import CheckOptions
from fastapi_seclint.config import Config
from fastapi_seclint.engine import planning
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.fixing import FixOutcome
from fastapi_seclint.outcome import Report
from fastapi_seclint.report.words import count
from fastapi_seclint.rule import Finding


def mend(paths: Sequence[Path], options: CheckOptions, run: Options) -> FixOutcome:
    """Find out what the fixes come to; writes nothing.

    A fix must not bring up a finding of any rule, so all rules run, whatever is selected; what is selected decides
    which findings are repaired.
    """
    wide = replace(run, whole=True, overrides=replace(run.overrides, select=("ALL",), ignore=(), min_severity="low"))

    def analyse(overlay: Mapping[Path, str]) -> Report:
        return engine.analyse(paths, wide, overlay=overlay, fresh=True, progress=console.progress(options.quiet))

    return fixing.fix(analyse, cwd=run.cwd, allow_unsafe=True, fixable=_wanted(paths, options, run))


def tell(outcome: FixOutcome, remaining: Report, options: CheckOptions) -> None:
    """Say on standard error what was fixed and what was not, and why."""
    if options.show_fixes:
        for finding in outcome.applied:
            console.note(f"fixed {_named(finding)}: {finding.fix.title if finding.fix else ''}")
    for finding, reason in outcome.withheld:
        console.note(f"not fixed {_named(finding)}: {reason}")
    for name in outcome.undecided:
        console.complain(f"{name}: its fixes undo each other, so it was left as it is")
    if not options.quiet and outcome.applied:
        verb = "would fix" if options.diff else "fixed"
        console.note(f"{verb} {count(len(outcome.applied), 'finding')} in {count(len(outcome.changed), 'file')}")
    rest = len(remaining.findings) - len(outcome.applied)
    if options.diff and not options.quiet and rest > 0:
        more = "" if options.unsafe_fixes or options.fixable or options.unfixable else _unsafely(remaining, outcome)
        console.note(f"{count(rest, 'finding')} {'is' if rest == 1 else 'are'} not fixed by this{more}")


def _unsafely(remaining: Report, outcome: FixOutcome) -> str:
    """How many more findings would be fixed unsafely, as the end of a sentence; empty when none."""
    still, done = (
        sum(finding.fix is not None and not finding.fix.safe for finding in findings)
        for findings in (remaining.findings, outcome.applied)
    )
    return f", {still - done} with --unsafe-fixes" if still > done else ""


def write(outcome: FixOutcome) -> bool:
    """Write the changes; whether every file could be written."""
    messages = fixing.write(outcome)
    for message in messages:
        console.complain(message)
    return not messages


def _wanted(paths: Sequence[Path], options: CheckOptions, run: Options) -> Callable[[Finding], bool]:
    """Which findings may be repaired: shown ones, of fixable rules, unsafely only where that is allowed."""
    plan = planning.plan(paths, run)
    configs = {file.display: unit.config for unit in plan.units for file in unit.project.files}
    selected = {id(unit.config): _codes_of(unit.config) for unit in plan.units}
    only = _codes(options.fixable) if options.fixable else None
    never = _codes(options.unfixable)
    named = {path for unit in plan.units for path in unit.project.reported or ()}
    whole = {file.display for unit in plan.units if unit.project.reported is None for file in unit.project.files}

    def wanted(finding: Finding) -> bool:
        config = configs.get(finding.location.path)
        code = finding.rule.code
        if finding.location.path not in named | whole or config is None or finding.fix is None:
            return False
        if code not in selected[id(config)] or code in never or (only is not None and code not in only):
            return False
        if options.hook and any(edit.path not in named for edit in finding.fix.edits):
            return False
        unsafe = config.fix.unsafe if options.unsafe_fixes is None else options.unsafe_fixes
        return (finding.fix.safe or unsafe) and selection.at_least(finding.severity, config.min_severity)

    return wanted


def _codes_of(config: Config) -> frozenset[str]:
    chosen = frozenset(rule.code for rule in selection.rules_of(config))
    return chosen - (catalogue.select(config.fix.unfixable) if config.fix.unfixable else frozenset())


def _codes(given: Sequence[str]) -> frozenset[str]:
    try:
        return catalogue.select([word.strip() for text in given for word in text.split(",") if word.strip()])
    except catalogue.UnknownRule as error:
        raise click.UsageError(str(error)) from None


def _named(finding: Finding) -> str:
    return f"{finding.location} {finding.rule.code} {finding.rule.name}"
