"""`seclint explain FILE:LINE`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from fastapi_seclint import catalogue, engine
from fastapi_seclint.cli import console
from fastapi_seclint.cli.options import Command, configuration_options, run_options
from fastapi_seclint.discovery import NoSuchPath

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(:\d+)?")


@click.command(name="explain", cls=Command, short_help="Say why a rule fires at a place, or does not.")
@click.argument("place", metavar="FILE:LINE")
@click.option("--rule", "name", metavar="RULE", help="Only this one, by code or name.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[text]")
@configuration_options
def explain(place: str, name: str | None, form: str, **given: Any) -> int:
    """Say why rules fire at a line or do not.

    For a route: what a request meets on its way to the handler, in order, and the verdict. For a finding: what led to
    it, and the comment or configuration that decided whether it is shown. For anything else: what is there.
    """
    from fastapi_seclint.engine.explaining import NotExplained
    from fastapi_seclint.report import explain as report

    match = _PLACE.fullmatch(place)
    if match is None or int(match["line"]) < 1:
        raise click.BadParameter(f"{place!r} is not FILE:LINE", param_hint="place")
    path, line = Path(match["path"]), int(match["line"])
    try:
        rule = catalogue.find(name) if name else None
        if path.is_dir():
            raise click.UsageError(f"{path} is a directory")
        found, failures = engine.explain(path, line, run_options(given), rule)
        lines = _lines(path)
        if line > len(lines):
            raise click.UsageError(f"{path} ends at line {len(lines)}")
    except (NoSuchPath, NotExplained, catalogue.UnknownRule) as error:
        raise click.UsageError(str(error)) from None
    sys.stdout.write(report.render_json(found) if form == "json" else report.render_text(found, lines[line - 1]))
    console.report_trouble([], failures, trace=given["verbose"])
    return 3 if failures else 0


def _lines(path: Path) -> list[str]:
    """The lines of a file, as far as they can be shown."""
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n").split("\n")
