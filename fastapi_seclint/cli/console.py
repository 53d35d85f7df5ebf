"""Writing: results to standard output or files, everything else to standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import click

from fastapi_seclint.outcome import Failure, ReadError
from fastapi_seclint.report.words import harmless

SHOWN_FAILURES = 10


class Exit(Exception):
    """Ends the command with a code once everything is written."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def complain(message: str) -> None:
    """One line on standard error: why the command fails."""
    click.echo(f"seclint: error: {harmless(message)}", err=True)


def note(message: str) -> None:
    """One line on standard error: what else there is to know."""
    click.echo(f"seclint: note: {harmless(message)}", err=True)


def write(text: str, file: Path | None) -> None:
    """Write results to a file or standard output; `Exit` 3 when the file cannot be written."""
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        complain(f"cannot write {file}: {error.strerror or error}")
        raise Exit(3) from None


def report_trouble(errors: Sequence[ReadError], failures: Sequence[Failure], *, trace: bool) -> None:
    """Say on standard error which files were not read and what of the tool crashed, with tracebacks if asked."""
    for error in errors:
        click.echo(
            f"seclint: warning: {harmless(f'{error.path}:{error.line}: not checked: {error.message}')}", err=True
        )
    for failure in failures[:SHOWN_FAILURES]:
        complain(f"{failure.name} failed: {failure.message}")
        if trace and failure.detail:
            click.echo("\n".join(map(harmless, failure.detail.splitlines())), err=True)
    if len(failures) > SHOWN_FAILURES:
        complain(f"and {len(failures) - SHOWN_FAILURES} more failures")


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to colour: the option, else NO_COLOR and FORCE_COLOR, else whether the stream is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def progress(quiet: bool) -> Callable[[int, int], None] | None:
    """A counter of files on standard error after a second; None where nobody watches."""
    if quiet or os.environ.get("CI") or not sys.stderr.isatty():
        return None
    started = time.monotonic()
    shown = 0.0

    def show(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if shown and done == total:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        elif now - started > 1 and now - shown > 0.1:
            shown = now
            sys.stderr.write(f"\rreading {done} of {total} files")
            sys.stderr.flush()

    return show
