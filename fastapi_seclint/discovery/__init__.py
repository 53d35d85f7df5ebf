"""Which files a run analyses: the projects that the arguments name, and of which files findings are reported."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi_seclint.discovery import roots, walking
from fastapi_seclint.discovery.ignores import Ignores
from fastapi_seclint.outcome import ReadError

__all__ = ["DEFAULT_EXCLUDE", "Discovery", "NoSuchPath", "Project", "SourceFile", "discover", "is_test_path"]

DEFAULT_EXCLUDE: tuple[str, ...] = (
    ".git/",
    ".hg/",
    ".svn/",
    ".venv/",
    "venv/",
    "node_modules/",
    "site-packages/",
    "__pycache__/",
    ".tox/",
    ".nox/",
    ".eggs/",
    "*.egg-info/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".pytest_cache/",
    ".seclint_cache/",
)
"""Directories that are not entered, in gitignore syntax. Virtual environments and build output are never entered."""


class NoSuchPath(Exception):
    """A path on the command line that does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no such file or directory: {path}")
        self.path = path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file: its absolute path, and how it is shown (relative to the working directory, with `/`)."""

    path: Path
    display: str


@dataclass(frozen=True, slots=True)
class Project:
    """A directory that is modelled as a whole; `files` are sorted by display.

    `reported` holds the display paths of the files whose findings are reported; None means all.
    """

    root: Path
    files: tuple[SourceFile, ...]
    reported: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """The projects by root, what could not be read, and sentences about what was left out."""

    projects: tuple[Project, ...]
    errors: tuple[ReadError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Selection:
    """How files are chosen; errors and notes of the run so far."""

    cwd: str
    excludes: Ignores
    base: str | None
    respect_gitignore: bool
    force_exclude: bool
    errors: list[ReadError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def display(self, path: str) -> str:
        return _display(path, self.cwd)


def discover(
    paths: Sequence[Path],
    *,
    cwd: Path,
    exclude: Sequence[str] = DEFAULT_EXCLUDE,
    extend_exclude: Sequence[str] = (),
    respect_gitignore: bool = True,
    force_exclude: bool = False,
    exclude_base: Path | None = None,
) -> Discovery:
    """The projects that the paths name; neither order nor repetition of the paths matters. Raises NoSuchPath.

    A directory is a project, reported as a whole. A file is reported alone, in the project it belongs to (see
    `roots.of_file`). `exclude` and `extend_exclude` are in gitignore syntax, relative to `exclude_base` (where the
    configuration lies) or to each project's root. Files that are named are taken even if ignored, unless
    `force_exclude` is set.
    """
    here = os.path.abspath(cwd)
    base = os.path.abspath(exclude_base) if exclude_base else None
    run = _Selection(here, Ignores((*exclude, *extend_exclude)), base, respect_gitignore, force_exclude)
    directories, files = _sorted_out(paths, run)
    named: dict[str, set[str]] = {directory: set() for directory in directories}
    whole = set(directories)
    for file in files:
        root = next((top for top in directories if walking.is_below(file, top)), None) or roots.of_file(file, here)
        named.setdefault(root, set()).add(file)
    projects = [_project(root, names, root in whole, run) for root, names in sorted(named.items())]
    return Discovery(tuple(projects), tuple(sorted(run.errors, key=lambda error: error.path)), tuple(run.notes))


_TEST_FOLDER = re.compile(
    r"test|tests(?!(?:et|uite|ession|core|ubject|cenario|tep)s?$)\w*|tests-[\w-]+|[\w-]+[-_]tests"
)


def is_test_path(path: str) -> bool:
    """Whether a path inside a project is that of a test: `tests/`, `test_*.py`, `*_test.py`, `conftest.py`.

    Folders of a kind of tests count, too: `unit_tests/`, `tests-e2e/`, `testspg/`. One called `test_observer` may be a
    product, and so may one for things that are called after tests: `testsets/`, `testscores/`.
    """
    folders, _, name = path.rpartition("/")
    inside = any(map(_TEST_FOLDER.fullmatch, folders.split("/")))
    return inside or name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"


def _sorted_out(paths: Iterable[Path], run: _Selection) -> tuple[list[str], list[str]]:
    """The directories, those inside others left out, and the files, both absolute and sorted."""
    directories, files = set(), set()
    for path in paths:
        absolute = os.path.normpath(os.path.join(run.cwd, path))
        if os.path.isdir(absolute):
            directories.add(absolute)
        elif not os.path.exists(absolute):
            raise NoSuchPath(path)
        else:
            files.add(absolute)
    outermost: list[str] = []
    for directory in sorted(directories, key=lambda path: path.rstrip(os.sep) + os.sep):
        if not (outermost and walking.is_below(directory, outermost[-1])):
            outermost.append(directory)
    return outermost, [file for file in sorted(files) if _is_python(file, run)]


def _is_python(file: str, run: _Selection) -> bool:
    if file.endswith(".py") and os.path.isfile(file):
        return True
    run.notes.append(f"not a Python file, left out: {run.display(file)}")
    return False


def _project(root: str, named: set[str], whole: bool, run: _Selection) -> Project:
    """The project at a root; `named` are files on the command line, `whole` says that the root itself is there too."""
    found = walking.walk(root, run.excludes, run.base or root, respect_gitignore=run.respect_gitignore)
    run.errors.extend(ReadError(run.display(path), 1, f"cannot be read: {why}") for path, why in found.unreadable)
    for path in found.outward:
        run.notes.append(f"a link that leads out of the project was not followed: {run.display(path)}")
    paths = set(found.files)
    excluded = sorted(named - paths)
    if run.force_exclude:
        run.notes.extend(f"excluded: {run.display(path)}" for path in excluded)
        named = named & paths
    else:
        paths |= named
    prefix = root.rstrip(os.sep) + os.sep
    shown_prefix = run.display(root) + "/"
    shown_prefix = "" if shown_prefix == "./" else shown_prefix
    files = sorted(
        (SourceFile(Path(path), _printable(shown_prefix + path[len(prefix) :])) for path in paths),
        key=lambda file: file.display,
    )
    if whole and not files:
        run.notes.append(f"no Python files in {run.display(root)}")
    reported = None if whole else frozenset(run.display(path) for path in named)
    return Project(Path(root), tuple(files), reported)


def _display(path: str, cwd: str) -> str:
    """A path as it is shown: relative to the working directory, absolute only where that cannot be said."""
    try:
        return _printable(os.path.relpath(path, cwd))
    except ValueError:
        return _printable(path)


def _printable(path: str) -> str:
    """The path with `/`, and with bytes that are no UTF-8 spelt out."""
    path = path if os.sep == "/" else path.replace(os.sep, "/")
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
