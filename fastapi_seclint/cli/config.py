"""`seclint config show` and `seclint config check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fastapi_seclint import config_file, engine, selection
from fastapi_seclint.cli import console
from fastapi_seclint.cli.options import Command, PathType, configuration_options, project_options, run_options
from fastapi_seclint.config import display
from fastapi_seclint.discovery import NoSuchPath
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.report import configuration

STALE = "stale-configuration"


@click.group(name="config", short_help="Show or check the configuration.")
def config() -> None:
    """Show the configuration that a project has, or check it."""


@config.command(name="show", cls=Command, short_help="Show every effective value and where it was written.")
@click.argument("path", type=PathType(), default=Path(), metavar="[FILE]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[text]")
@configuration_options
def show(path: Path, form: str, **given: Any) -> int:
    """Show every effective value for a file or directory [.], and where it was written."""
    if not path.exists():
        raise click.UsageError(str(NoSuchPath(path)))
    options = run_options(given)
    start = path.absolute() if path.is_dir() else path.absolute().parent
    found = config_file.load(start, cwd=options.cwd, file=options.config_file, isolated=options.isolated)
    found = options.overrides.applied(found)
    selection.rules_of(found)
    sys.stdout.write(configuration.RENDERERS[form](found, options.cwd))
    for text in found.notes:
        console.note(text)
    return 0


@config.command(name="check", cls=Command, short_help="Check for unknown keys and for entries that match nothing.")
@project_options
def check(**given: Any) -> int:
    """Check the configuration of projects; PATHS are directories [.].

    An unknown key, a wrong type or an unknown rule ends with 2 and the nearest name; entries that match nothing in the
    project are listed and end with 1. They are judged on the whole directory that the configuration is for.
    """
    options = run_options(given)
    options = replace(
        options,
        strict=True,
        overrides=replace(options.overrides, extend_select=("FSL005",), persona="pedantic", min_severity="low"),
    )
    paths, without = _whole(given["paths"] or (Path(),), options)
    try:
        report = engine.analyse(paths, options, progress=console.progress(given["quiet"]))
    except NoSuchPath as error:
        raise click.UsageError(str(error)) from None
    stale = [finding for finding in report.findings if finding.rule.name == STALE]
    if paths:
        sys.stdout.write(configuration.stale(stale))
    if not given["quiet"]:
        for text in (*without, *report.notes):
            console.note(text)
    console.report_trouble(report.errors, report.failures, trace=given["verbose"])
    return 3 if report.failures else 1 if stale else 0


def _whole(paths: Sequence[Path], options: Options) -> tuple[list[Path], list[str]]:
    """The directories that the configurations of paths are for, and a sentence for each path that none is for."""
    wholes, without = dict[Path, None](), list[str]()
    for path in paths:
        if not path.exists():
            raise click.UsageError(str(NoSuchPath(path)))
        start = path.absolute() if path.is_dir() else path.absolute().parent
        found = config_file.load(start, cwd=options.cwd, file=options.config_file, isolated=options.isolated)
        if found.file is None:
            without.append(f"no configuration file for {path}, so every value is the default")
        elif options.config_file is None:
            wholes[found.file.parent] = None
        elif found.file.parent.is_relative_to(start):
            wholes[start] = None
        else:
            without.append(f"{display(found.file, options.cwd)} lies outside of {path}, so its entries are not judged")
    return list(wholes), without
