"""The options of `check` and `fix`: their declarations, and what they mean for a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from fastapi_seclint.config import FAIL_ON, FailOn, Overrides
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.rule import CONFIDENCES, PERSONAS, SEVERITIES, Confidence, Persona, Severity

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Every option of `check`, named as the option is."""

    paths: tuple[Path, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    extend_select: tuple[str, ...]
    persona: Persona | None
    min_severity: Severity | None
    min_confidence: Confidence | None
    fail_on: FailOn | None
    exit_zero: bool
    exit_non_zero_on_fix: bool
    strict: bool
    require_app: bool
    formats: tuple[str, ...]
    output: Path | None
    statistics: bool
    no_snippet: bool
    show_suppressed: bool
    show_fixes: bool
    color: str
    quiet: bool
    verbose: bool
    fix: bool
    unsafe_fixes: bool | None
    fix_only: bool
    diff: bool
    fixable: tuple[str, ...]
    unfixable: tuple[str, ...]
    exclude: tuple[str, ...]
    extend_exclude: tuple[str, ...]
    force_exclude: bool
    no_respect_gitignore: bool
    include_tests: bool
    no_suppressions: bool
    today: datetime | None
    hook: bool
    config_file: Path | None
    isolated: bool
    no_cache: bool
    cache_dir: Path | None
    jobs: int | None

    def run(self) -> Options:
        """What the pipeline needs to know."""
        refuse_contradictions(isolated=self.isolated, quiet=self.quiet, verbose=self.verbose)
        return Options(
            overrides=Overrides(
                select=_words(self.select),
                ignore=_words(self.ignore),
                extend_select=_words(self.extend_select),
                persona=self.persona,
                min_severity=self.min_severity,
                min_confidence=self.min_confidence,
                fail_on=self.fail_on,
                exclude=_words(self.exclude),
                extend_exclude=_words(self.extend_exclude),
                respect_gitignore=False if self.no_respect_gitignore else None,
                cache_dir=self.cache_dir.absolute() if self.cache_dir else None,
            ),
            config_file=self.config_file.absolute() if self.config_file else None,
            isolated=self.isolated,
            force_exclude=self.force_exclude or self.hook,
            include_tests=self.include_tests,
            replacements=any(name.partition("=")[0] == "json" for name in self.formats),
            suppressions=not self.no_suppressions,
            strict=self.strict,
            today=self.today.date() if self.today else _source_date(),
            cache=not self.no_cache,
            jobs=self.jobs,
        )


def _source_date() -> date | None:
    """The date that reproducible builds set (SOURCE_DATE_EPOCH, seconds since 1970 in UTC), or None."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(seconds), UTC).date() if seconds.isdecimal() and len(seconds) < 12 else None


def _words(given: tuple[str, ...]) -> tuple[str, ...] | None:
    """`--select A,B --select C` as one tuple, None when the option was not given."""
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip()) or None


class PathType(click.Path):
    """A file or directory by name: neither the empty text of an unset variable nor standard input."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, file_okay=file_okay, dir_okay=dir_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path that a word of the command line names; a usage error for one that names none."""
        if value == "":
            self.fail("an empty text is no path", param, ctx)
        if value == "-":
            self.fail("`-` is no path: files are judged within their project, not alone", param, ctx)
        return super().convert(value, param, ctx)


class _Titled(click.Option):
    """An option that knows under which title `--help` lists it."""

    def __init__(self, *declarations: Any, title: str, **settings: Any) -> None:
        super().__init__(*declarations, **settings)
        self.title = title


class Command(click.Command):
    """A command whose `--help` lists the options under their titles."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section a title, in the order in which their first options are declared."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if row is not None:
                sections.setdefault(getattr(parameter, "title", "Options"), []).append(row)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)


def _under(title: str) -> Callable[..., Callable[[Function], Function]]:
    return partial(click.option, cls=_Titled, title=title)


_selecting = _under("Rules and findings")
_gating = _under("Exit code")
_writing = _under("Output")
_repairing = _under("Repair")
_choosing = _under("Files")
_running = _under("Configuration and run")

FILE = PathType(dir_okay=False)
_PATHS = click.argument("paths", nargs=-1, type=PathType())
_CONFIGURATION = (
    _running("--config", "config_file", type=FILE, envvar="SECLINT_CONFIG", help="Use this configuration file."),
    _running("--isolated", is_flag=True, help="Use no configuration file."),
    _running("--no-cache", is_flag=True, help="Neither read nor write the cache."),
    _running("--cache-dir", type=PathType(file_okay=False), envvar="SECLINT_CACHE_DIR", help="Where the cache is."),
    _running("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Number of processes [as many as pay]."),
    _running("-q", "--quiet", is_flag=True, help="Results only: no notes, no progress, no summary."),
    _running("-v", "--verbose", is_flag=True, help="Say more on standard error."),
)
_SELECTION = (
    _selecting("--select", multiple=True, metavar="RULES", help="Run only these: codes, names, prefixes or ALL."),
    _selecting("--ignore", multiple=True, metavar="RULES", help="Leave these out."),
    _selecting("--extend-select", multiple=True, metavar="RULES", help="Run these as well."),
    _selecting("--persona", type=click.Choice(PERSONAS), help="Who reads: regular, pedantic (advice), auditor (all)."),
    _selecting("--min-severity", type=click.Choice(SEVERITIES), help="Show nothing less severe."),
    _selecting("--min-confidence", type=click.Choice(CONFIDENCES), help="Show nothing less certain."),
    _selecting("--include-tests", is_flag=True, help="Show findings in tests."),
    _selecting("--no-suppressions", is_flag=True, help="Show what comments suppress, as if they were not there."),
    _selecting(
        "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The date that `until=` is compared with."
    ),
)
_GATE = (
    _gating("--fail-on", type=click.Choice(FAIL_ON), help="Exit with 1 from this severity on [low]."),
    _gating("--exit-zero", is_flag=True, help="Exit with 0 in place of 1."),
    _gating("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 when a fix changed something."),
    _gating("--strict", is_flag=True, help="Fail for unread files, malformed suppressions, stale configuration."),
    _gating("--require-app", is_flag=True, help="Exit with 4 when there is no application."),
)
_OUTPUT = (
    _writing(
        "--format",
        "formats",
        multiple=True,
        metavar="NAME[=FILE]",
        envvar="SECLINT_FORMAT",
        help="text, concise, json or github; repeatable when the others go to files.",
    ),
    _writing("--output", type=FILE, metavar="FILE", help="Write to a file in place of standard output."),
    _writing("--statistics", is_flag=True, help="Count findings by rule."),
    _writing("--show-suppressed", is_flag=True, help="Show what comments suppress, with their reasons."),
    _writing("--no-snippet", is_flag=True, help="Show no source lines."),
    _writing("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours [auto]."),
    _writing("--hook", is_flag=True, help="As a commit hook: concise, named files may be excluded."),
)
_FIXING = (
    _repairing("--fix", is_flag=True, help="Repair what can be repaired safely."),
    _repairing("--unsafe-fixes/--no-unsafe-fixes", default=None, help="Repair what changes behaviour as well."),
    _repairing("--fix-only", is_flag=True, help="Repair and show no findings."),
    _repairing("--diff", is_flag=True, help="Show what --fix would write, and write nothing."),
    _repairing("--show-fixes", is_flag=True, help="List the fixes that were applied."),
    _repairing("--fixable", multiple=True, metavar="RULES", help="Repair only findings of these."),
    _repairing("--unfixable", multiple=True, metavar="RULES", help="Never repair findings of these."),
)
_SCOPE = (
    _choosing("--exclude", multiple=True, metavar="GLOBS", help="Leave these out in place of the defaults."),
    _choosing("--extend-exclude", multiple=True, metavar="GLOBS", help="Leave these out as well."),
    _choosing("--force-exclude", is_flag=True, help="Leave excluded files out even when they are named."),
    _choosing("--no-respect-gitignore", is_flag=True, help="Check what git ignores as well."),
)


def check_options(function: Function) -> Function:
    """Decorate a command with the paths and all options of `check`."""
    for option in reversed((_PATHS, *_SELECTION, *_GATE, *_OUTPUT, *_FIXING, *_SCOPE, *_CONFIGURATION)):
        function = option(function)
    return function


def configuration_options(function: Function) -> Function:
    """Decorate a command with the options about configuration and cache."""
    for option in reversed(_CONFIGURATION):
        function = option(function)
    return function


def run_options(given: dict[str, Any]) -> Options:
    """What the pipeline needs to know, from the options of a command that has some of those of `check`."""

    def words(name: str) -> tuple[str, ...] | None:
        return _words(given.get(name, ()))

    refuse_contradictions(isolated=given["isolated"], quiet=given["quiet"], verbose=given["verbose"])
    cache_dir, config_file = given["cache_dir"], given["config_file"]
    return Options(
        overrides=Overrides(
            exclude=words("exclude"),
            extend_exclude=words("extend_exclude"),
            respect_gitignore=False if given.get("no_respect_gitignore") else None,
            cache_dir=cache_dir.absolute() if cache_dir else None,
        ),
        config_file=config_file.absolute() if config_file else None,
        isolated=given["isolated"],
        force_exclude=given.get("force_exclude", False),
        today=_source_date(),
        cache=not given["no_cache"],
        jobs=given["jobs"],
    )


def refuse_contradictions(*, isolated: bool, quiet: bool = False, verbose: bool = False) -> None:
    """Raise a usage error for options of the running command of which one says what the other denies."""
    named = click.get_current_context().get_parameter_source("config_file") is ParameterSource.COMMANDLINE
    if isolated and named:
        raise click.UsageError("--isolated takes no configuration file, and --config names one")
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other")


def project_options(function: Function) -> Function:
    """Decorate a command with the paths and the options that every command on a project has."""
    for option in reversed((_PATHS, *_SCOPE, *_CONFIGURATION)):
        function = option(function)
    return function
