"""What a run gives: the typed report of `check`, the same for the command, the Python API and the renderers."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi_seclint.program.table import RouteTable
from fastapi_seclint.rule import Finding, Fix
from fastapi_seclint.spans import Span


@dataclass(frozen=True, slots=True)
class ReadError:
    """A file or directory that could not be read or parsed; `line` starts at 1."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A crash of the tool itself: the rule or file at work, the exception in a line, and its traceback."""

    name: str
    message: str
    detail: str = field(default="", compare=False, repr=False)

    @classmethod
    def of(cls, name: str, error: Exception) -> Failure:
        """The failure that an exception is."""
        return cls(name, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))


@dataclass(frozen=True, slots=True)
class Replacement:
    """New content for a stretch of a file, part of what a fix comes to."""

    path: str
    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Report:
    """The findings that passed every filter, in order of path and position; what was suppressed; what was unreadable.

    `files` counts the Python files that were looked at, `checked` those that could be parsed. `sources` maps a path to
    its text, for snippets. `notes` are sentences for standard error (no application found, say), `details` those for
    `-v`. `failing` counts the findings at or above their project's `fail-on`, `apps` the applications of all projects;
    `excluded` says that every named file was excluded. `failures` are rules or files on which the tool itself crashed.
    `replacements` says, if that was asked for, what each fix comes to; None for one that does not fit the text.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    errors: tuple[ReadError, ...] = ()
    files: int = 0
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    checked: int = 0
    failing: int = 0
    apps: int = 0
    excluded: bool = False
    failures: tuple[Failure, ...] = ()
    replacements: Mapping[Fix, tuple[Replacement, ...] | None] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Survey:
    """What `seclint routes` found: one table over all projects named, and what was unreadable."""

    table: RouteTable
    errors: tuple[ReadError, ...] = ()
    files: int = 0
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
