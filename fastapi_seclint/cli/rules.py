"""`seclint rules` and `seclint rule NAME`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fastapi_seclint import catalogue, selection
from fastapi_seclint.cli.options import FILE, refuse_contradictions
from fastapi_seclint.config_file import load
from fastapi_seclint.report import rules as tables
from fastapi_seclint.report.rules import Listed

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="[text]"
)


@click.command(name="rules", short_help="List all rules, and which are enabled here.")
@_FORMAT
@click.option("--config", "config_file", type=FILE, envvar="SECLINT_CONFIG", help="Use this configuration file.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
def rules(form: str, config_file: Path | None, isolated: bool) -> int:
    """List all rules: code, name, whether it is enabled here, severity, confidence, persona, fix and what it finds.

    A rule is enabled when the configuration of the working directory selects it and its persona is shown.
    """
    refuse_contradictions(isolated=isolated)
    cwd, file = Path.cwd(), config_file.absolute() if config_file else None
    config = load(cwd, cwd=cwd, file=file, isolated=isolated)
    why = selection.disabled(config)
    sys.stdout.write(tables.RENDERERS[form](Listed(rule, why.get(rule.code, "")) for rule in catalogue.rules()))
    return 0


@click.command(name="rule", short_help="Explain one rule.")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
@_FORMAT
def rule(name: str | None, every: bool, form: str) -> int:
    """Explain one rule, by its name or code: what is wrong, what is right, what the fix writes."""
    if every == bool(name):
        raise click.UsageError("name one rule, or give --all")
    try:
        found = catalogue.rules() if name is None else (catalogue.find(name),)
    except catalogue.UnknownRule as error:
        raise click.UsageError(str(error)) from None
    pages = [(one, catalogue.page(one)) for one in found]
    if form == "json" and not every:
        sys.stdout.write(tables.page_json(*pages[0]))
    else:
        sys.stdout.write(tables.PAGE_RENDERERS[form](pages))
    return 0
