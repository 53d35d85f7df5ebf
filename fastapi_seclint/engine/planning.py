"""What a run works on: the projects that the arguments name, each with its configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fastapi_seclint import config_file, discovery
from fastapi_seclint.config import Config, Overrides
from fastapi_seclint.discovery import Discovery, Project
from fastapi_seclint.engine.remembered import Remembered
from fastapi_seclint.outcome import ReadError

CACHE_DIRECTORY = ".seclint_cache"


@dataclass(frozen=True, slots=True)
class Options:
    """What the arguments of a run decide: where it runs, what replaces the configuration, and how it works.

    `replacements` asks what fixes come to. `whole` reports on all files of the projects that named files belong to.
    `suppressions` obeys comments; `strict` looks at what configuration matches nothing, too; `today` is the date of the
    run, else the system's is taken unless the run is isolated. `memory` keeps facts by the content's digest for further
    runs of this process, `remembered` what the last ones of them found.
    """

    cwd: Path = field(default_factory=Path.cwd)
    overrides: Overrides = field(default_factory=Overrides)
    config_file: Path | None = None
    isolated: bool = False
    force_exclude: bool = False
    include_tests: bool = False
    whole: bool = False
    replacements: bool = False
    suppressions: bool = True
    strict: bool = False
    today: date | None = None
    cache: bool = True
    jobs: int | None = None
    memory: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)
    remembered: Remembered = field(default_factory=Remembered, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unit:
    """One project and its configuration, arguments applied."""

    project: Project
    config: Config
    unreadable: tuple[ReadError, ...]

    @property
    def cache_directory(self) -> Path:
        return self.config.cache_dir or self.project.root / CACHE_DIRECTORY


@dataclass(frozen=True, slots=True)
class Plan:
    """The projects of a run in order of path; `excluded` says that all named files were excluded by force."""

    options: Options
    units: tuple[Unit, ...]
    errors: tuple[ReadError, ...]
    notes: tuple[str, ...]
    excluded: bool


def plan(paths: Sequence[Path], options: Options) -> Plan:
    """The projects of the paths; raises `discovery.NoSuchPath` and `ConfigError`."""
    for path in paths:
        if not (options.cwd / path).exists():
            raise discovery.NoSuchPath(path)
    units: list[Unit] = []
    errors: list[ReadError] = []
    notes: list[str] = []
    for config, group in _by_configuration(sorted({absolute(path, options.cwd) for path in paths}), options):
        found = _discover(group, config, options)
        errors.extend(found.errors)
        notes.extend((*config.notes, *found.notes))
        for project in found.projects:
            inside = tuple(error for error in found.errors if _lies_in(error, project, options.cwd))
            units.append(Unit(project, config, inside))
    units.sort(key=lambda unit: unit.project.root)
    named_files = bool(paths) and all(absolute(path, options.cwd).is_file() for path in paths)
    excluded = options.force_exclude and named_files and not any(unit.project.reported for unit in units)
    return Plan(options, tuple(units), tuple(errors), tuple(dict.fromkeys(notes)), excluded)


def _by_configuration(paths: Sequence[Path], options: Options) -> list[tuple[Config, list[Path]]]:
    """The paths grouped by configuration; one inside a named directory goes with that directory."""
    groups: dict[Path | None, tuple[Config, list[Path]]] = {}
    directories = [path for path in paths if path.is_dir()]
    for path in paths:
        top = next((directory for directory in directories if path.is_relative_to(directory)), path)
        start = top if top.is_dir() else top.parent
        found = config_file.load(start, cwd=options.cwd, file=options.config_file, isolated=options.isolated)
        config = options.overrides.applied(found)
        groups.setdefault(config.file, (config, []))[1].append(path)
    return list(groups.values())


def _discover(paths: Sequence[Path], config: Config, options: Options) -> Discovery:
    """What lies at the paths; patterns are relative to the configuration's directory, those of arguments to our own."""
    given = options.overrides.exclude is not None or options.overrides.extend_exclude is not None
    return discovery.discover(
        paths,
        cwd=options.cwd,
        exclude=discovery.DEFAULT_EXCLUDE if config.exclude is None else config.exclude,
        extend_exclude=config.extend_exclude,
        respect_gitignore=config.respect_gitignore,
        force_exclude=options.force_exclude,
        exclude_base=options.cwd if given else config.file.parent if config.file else None,
    )


def absolute(path: Path, cwd: Path) -> Path:
    """The path from the working directory without `.` and `..`; links are left as they are."""
    return Path(os.path.normpath(cwd / path))


def _lies_in(error: ReadError, project: Project, cwd: Path) -> bool:
    return absolute(Path(error.path), cwd).is_relative_to(project.root)
