"""The pipeline, the same for command, API and tests: files -> facts -> program -> findings -> report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from fastapi_seclint import selection
from fastapi_seclint.config import Config
from fastapi_seclint.discovery import is_test_path
from fastapi_seclint.engine import gathering, planning, reviewing
from fastapi_seclint.engine.gathering import Content, Gathered, Progress
from fastapi_seclint.engine.joining import order, together
from fastapi_seclint.engine.library import Library
from fastapi_seclint.engine.mendable import mendable
from fastapi_seclint.engine.planning import Options, Unit
from fastapi_seclint.engine.remembered import asked
from fastapi_seclint.engine.replacing import Replacements
from fastapi_seclint.engine.sources import Sources
from fastapi_seclint.engine.stored import Examined
from fastapi_seclint.engine.vault import Vault
from fastapi_seclint.outcome import Failure, ReadError, Report, Survey
from fastapi_seclint.program.table import RouteTable
from fastapi_seclint.rule import Finding, Rule

if TYPE_CHECKING:
    from fastapi_seclint.explanation import Explanation
    from fastapi_seclint.facts.comments import Row
    from fastapi_seclint.program import Program

Overlay = Mapping[Path, str]
"""Texts, by path, that stand in for files: what a fix would write."""
NO_OVERLAY: Overlay = MappingProxyType({})
Inside = Callable[[str], str]
"""The path inside a project of a file given by its display path."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one project contributes to the report."""

    examined: Examined
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    failing: int
    notes: tuple[str, ...]
    details: tuple[str, ...]
    contents: Sequence[Content]
    replacements: Replacements


def analyse(
    paths: Sequence[Path],
    options: Options | None = None,
    *,
    overlay: Overlay = NO_OVERLAY,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Check files and directories. The analysed code is never run.

    `fresh` asks for findings of this very run, not stored ones. Raises `discovery.NoSuchPath` for a path that does not
    exist and `ConfigError` for a configuration that cannot be used. A rule that crashes is one of the report's
    `failures`; the others still run.
    """
    plan = planning.plan(paths, options or Options())
    overlay = {planning.absolute(path, plan.options.cwd): text for path, text in overlay.items()}
    with gathering.collector_paused():
        parts = [_check(unit, plan.options, overlay, fresh, progress) for unit in plan.units]
    findings = tuple(sorted((finding for part in parts for finding in part.findings), key=order))
    suppressed = tuple(sorted((finding for part in parts for finding in part.suppressed), key=order))
    return Report(
        findings=findings,
        suppressed=suppressed,
        errors=_unique((*plan.errors, *(error for part in parts for error in part.examined.unreadable))),
        files=sum(len(part.contents) for part in parts),
        checked=sum(part.examined.files for part in parts),
        sources=Sources.of((*findings, *suppressed), (content for part in parts for content in part.contents)),
        notes=tuple(dict.fromkeys((*plan.notes, *(note for part in parts for note in part.notes)))),
        details=tuple(detail for part in parts for detail in part.details),
        failing=sum(part.failing for part in parts),
        apps=sum(part.examined.apps for part in parts),
        excluded=plan.excluded,
        failures=tuple(failure for part in parts for failure in part.examined.failures),
        replacements={fix: found for part in parts for fix, found in part.replacements.items()},
    )


def survey(paths: Sequence[Path], options: Options | None = None, *, progress: Progress | None = None) -> Survey:
    """The route table of files and directories; raises as `analyse` does."""
    plan = planning.plan(paths, options or Options())
    with gathering.collector_paused():
        parts = [_examine(unit, plan.options, NO_OVERLAY, False, progress, kind="routes")[0] for unit in plan.units]
    tables = [part.table for part in parts if part.table]
    return Survey(
        table=RouteTable(
            apps=tuple(row for table in tables for row in table.apps),
            routes=tuple(row for table in tables for row in table.routes),
            unresolved=tuple(row for table in tables for row in table.unresolved),
        ),
        errors=_unique((*plan.errors, *(error for part in parts for error in part.unreadable))),
        files=sum(part.files for part in parts),
        notes=plan.notes,
        failures=tuple(failure for part in parts for failure in part.failures),
    )


def explain(path: Path, line: int, options: Options, rule: Rule | None = None) -> tuple[Explanation, Sequence[Failure]]:
    """Why rules, or one rule, fire at a line of a file or do not, and what crashed on the way.

    Every rule runs, whatever is selected; raises as `analyse` does, and `explaining.NotExplained`.
    """
    from fastapi_seclint.engine import explaining
    from fastapi_seclint.program.apart import apart, in_folders_of_their_own

    units = planning.plan([path], options).units
    display = Path(os.path.relpath(planning.absolute(path, options.cwd), options.cwd)).as_posix()
    if not units:
        raise explaining.NotExplained(f"{display} is not part of what is checked")
    unit = units[0]
    contents, missing = gathering.contents(unit.project, options.cwd, NO_OVERLAY)
    inside = _Inside(unit.project.root, contents)
    with gathering.collector_paused():
        gathered = Library(Vault(unit, contents, kind="findings", enabled=options.cache), contents, options).gathered()
        unreadable = (*unit.unreadable, *missing, *gathered.unreadable)
        root = unit.project.root
        programs = apart(root, gathered.files)
        program = explaining.WatchedProgram(
            root,
            explaining.read_with(display, programs),
            unreadable=unreadable,
            config=unit.config,
            own_folder=in_folders_of_their_own(programs),
        )
        program.watch = explaining.Watch(display, line)
        every = replace(unit.config, select=("ALL",), ignore=())
        start = Examined(unreadable=unreadable, failures=tuple(gathered.failures), comments=_comments(gathered))
        examined = _run(program, every, start, stale=False, first=rule, before=program.watch.at)
        reviewed = reviewing.review(unit, options, examined, inside.all())
        findings = (*examined.findings, *(found for found in reviewed.findings if found.rule.review))
        decisions = explaining.Decisions(unit.config, reviewed.hidden, inside, is_test_path(inside(display)))
        found = explaining.explanation(program, findings, decisions, program.watch, len(examined.ran), rule)
    return found, (*examined.failures, *reviewed.failures)


def _check(unit: Unit, options: Options, overlay: Overlay, fresh: bool, progress: Progress | None) -> _Part:
    """The findings of one project that its configuration shows."""
    examined, contents, vault = _examine(unit, options, overlay, fresh, progress)
    inside = _Inside(unit.project.root, contents)
    reviewed = reviewing.review(unit, options, examined, inside.all())
    examined = replace(examined, failures=(*examined.failures, *reviewed.failures))
    shown = _reported(reviewed.findings, unit, options, inside)
    kept = shown if options.include_tests else _outside_tests(shown, inside)
    hidden = _reported(reviewed.hidden, unit, options, inside)
    hidden = hidden if options.include_tests else _outside_tests(hidden, inside)
    left_out = len(shown) - len(kept)
    details = (
        (f"{left_out} {'finding' if left_out == 1 else 'findings'} in tests left out (--include-tests shows them)",)
        if left_out
        else ()
    )
    no_app = contents and not examined.apps and not examined.failures
    notes: tuple[str, ...] = (f"no application found in {_shown(unit.project.root, options.cwd)}",) if no_app else ()
    notes += selection.kept_back(unit.config)
    failing = sum(selection.at_least(finding.severity, unit.config.fail_on) for finding in kept)
    fixes = [finding.fix for finding in (*kept, *hidden) if finding.fix] if options.replacements else []
    replacements = vault.replacements(fixes) if fixes else {}
    return _Part(examined, tuple(kept), tuple(hidden), failing, notes, details, contents, replacements)


def _reported(findings: Sequence[Finding], unit: Unit, options: Options, inside: Inside) -> list[Finding]:
    """The findings that the configuration shows, in the files that were named."""
    shown = list(selection.Filter(unit.config).kept(findings, inside))
    reported = unit.project.reported
    if reported is None or options.whole:
        return shown
    return [finding for finding in shown if finding.location.path in reported]


class _Inside:
    """The path inside a project of a file given by its display path."""

    def __init__(self, root: Path, contents: Sequence[Content]) -> None:
        self._root = root
        self._paths = {content.file.display: content.file.path for content in contents}

    def __call__(self, display: str) -> str:
        path = self._paths.get(display)
        return Path(os.path.relpath(path, self._root)).as_posix() if path else display

    def all(self) -> list[str]:
        """The paths inside the project of all its files."""
        return [self(display) for display in self._paths]


def _outside_tests(findings: Sequence[Finding], inside: Inside) -> list[Finding]:
    """The findings that are not in tests; `inside` gives a file's path in the project."""
    return [finding for finding in findings if not is_test_path(inside(finding.location.path))]


def _examine(
    unit: Unit,
    options: Options,
    overlay: Overlay,
    fresh: bool,
    progress: Progress | None,
    *,
    kind: Literal["findings", "routes"] = "findings",
) -> tuple[Examined, Sequence[Content], Vault]:
    """Run the rules of one project, or resolve its routes; a stored result answers when nothing changed."""
    contents, missing = gathering.contents(unit.project, options.cwd, overlay)
    stale = kind == "findings" and reviewing.wants_stale(options, unit.config)
    vault = Vault(unit, contents, kind=f"{kind}, stale" if stale else kind, enabled=options.cache)
    library = Library(vault, contents, options, progress)
    kept = not (overlay or missing)
    if kept and not fresh and (known := vault.result(library.prints)):
        vault.keep_prints(library.prints)
        return known, contents, vault
    what = None if stale or kind == "routes" else asked(unit.project.root, unit.config, contents, missing)
    examined = options.remembered.find(what, unit.config) if what else None
    if examined is None:
        examined = _examined(unit, library.gathered(), missing, kind, stale)
        options.remembered.keep(what, unit.config, examined)
    if kept:
        vault.keep(library.prints, library.entries, examined)
    return examined, contents, vault


def _examined(unit: Unit, gathered: Gathered, missing: Sequence[ReadError], kind: str, stale: bool) -> Examined:
    """What the rules find in the facts of one project, or its routes; applications that share no file come apart."""
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.apart import apart, in_folders_of_their_own

    unreadable = (*unit.unreadable, *missing, *gathered.unreadable)
    start = Examined((), unreadable, tuple(gathered.failures), len(gathered.files), comments=_comments(gathered))
    found = []
    programs = apart(unit.project.root, gathered.files)
    own_folder = in_folders_of_their_own(programs)
    for files in programs:
        program = Program(unit.project.root, files, unreadable=unreadable, config=unit.config, own_folder=own_folder)
        examined = _resolve(program, start)
        if kind == "findings":
            examined = _run(program, unit.config, replace(examined, table=None), stale=stale)
        found.append(examined)
    return together(found)


def _comments(gathered: Gathered) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    return tuple((facts.path, tuple(facts.comments)) for _, facts in gathered.files if facts.comments)


def _resolve(program: Program, examined: Examined) -> Examined:
    """With the route table, or a failure that says why there is none."""
    try:
        table = program.route_table()
    except Exception as error:
        return replace(examined, failures=(*examined.failures, Failure.of("the route table", error)))
    return replace(examined, table=table, apps=len(table.apps))


def _run(
    program: Program,
    config: Config,
    examined: Examined,
    *,
    stale: bool,
    first: Rule | None = None,
    before: Callable[[str], None] = lambda name: None,
) -> Examined:
    """The findings of the rules; one that crashes is a failure with its name, and the rest still runs.

    `stale` asks for what in the configuration matches nothing; rules that it ignores run for that, too. `first` is
    the rule to begin with, `before` is told each rule before it runs.
    """
    rules = selection.rules_of(config)
    idle = selection.ignored_rules(config) if stale else ()
    findings: list[Finding] = []
    failures = list(examined.failures)
    ran: list[str] = []
    program.run_the_rest()
    for rule in sorted((*rules, *idle), key=lambda rule: rule != first):
        before(rule.name)
        try:
            findings.extend(mendable(program, list(rule.run(program))) if rule.run else ())
            ran.append(rule.code)
        except Exception as error:
            failures.append(Failure.of(rule.name, error))
    return replace(
        examined,
        findings=tuple(sorted(findings, key=order)),
        failures=tuple(failures),
        words=reviewing.words_in(examined.comments, config),
        ran=tuple(rule.code for rule in rules if rule.code in ran),
        idle=tuple(rule.code for rule in idle),
        reviews=tuple(rule.name for rule in rules if rule.review),
        unmatched=_unmatched(program, config) if stale else (),
    )


def _unmatched(program: Program, config: Config) -> tuple[str, ...]:
    from fastapi_seclint.program.unmatched import unmatched

    return tuple(unmatched(program, config))


def _unique(errors: Iterable[ReadError]) -> tuple[ReadError, ...]:
    return tuple(sorted(set(errors), key=lambda error: (error.path, error.line, error.message)))


def _shown(root: Path, cwd: Path) -> str:
    return root.relative_to(cwd).as_posix() if root.is_relative_to(cwd) else root.as_posix()
