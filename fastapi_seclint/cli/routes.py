"""`seclint routes`."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fastapi_seclint import engine
from fastapi_seclint.cli import console
from fastapi_seclint.cli.options import FILE, Command, project_options, run_options
from fastapi_seclint.discovery import NoSuchPath
from fastapi_seclint.outcome import Survey


@click.command(name="routes", cls=Command, short_help="Show every route and what guards it.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "markdown"]), default="text", help="[text]")
@click.option("--unprotected", is_flag=True, help="Only routes that are open or could not be judged.")
@click.option("--output", type=FILE, help="Write to a file in place of standard output.")
@project_options
def routes(form: str, unprotected: bool, output: Path | None, **given: Any) -> int:
    """Show every route of FastAPI projects and what guards it; PATHS are files and directories [.]."""
    try:
        survey = engine.survey(
            given["paths"] or (Path("."),), run_options(given), progress=console.progress(given["quiet"])
        )
    except NoSuchPath as error:
        raise click.UsageError(str(error)) from None
    if unprotected:
        survey = _unprotected(survey)
    console.write(_rendered(form, survey, output), output)
    if not given["quiet"]:
        for text in survey.notes:
            console.note(text)
    console.report_trouble(survey.errors, survey.failures, trace=given["verbose"])
    return 3 if survey.failures else 0 if survey.files else 4


def _unprotected(survey: Survey) -> Survey:
    rows = tuple(row for row in survey.table.routes if row.protection in ("open", "unknown"))
    return replace(survey, table=replace(survey.table, routes=rows))


def _rendered(form: str, survey: Survey, output: Path | None) -> str:
    from fastapi_seclint.report import json

    if form == "json":
        return json.render_routes(survey)
    from fastapi_seclint.report import routes as tables

    if form == "csv":
        return tables.render_csv(survey)
    if form == "markdown":
        return tables.render_markdown(survey)
    return tables.render_text(survey, None if output else _terminal())


def _terminal() -> int | None:
    """The columns of the terminal, or those that COLUMNS asks for; None where the table goes elsewhere, in full."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() or os.environ.get("COLUMNS") else None
