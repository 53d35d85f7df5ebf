"""`seclint rules` and `seclint rule NAME`."""

from __future__ import annotations

import sys

import click

from fastapi_seclint import catalogue
from fastapi_seclint.report import rules as tables


@click.command(name="rules", short_help="List all rules.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="[text]")
def rules(form: str) -> int:
    """List all rules: code, name, severity, confidence, persona, fix and what they find."""
    sys.stdout.write(tables.RENDERERS[form](catalogue.rules()))
    return 0


@click.command(name="rule", short_help="Explain one rule.")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="[text]")
def rule(name: str, form: str) -> int:
    """Explain one rule, by its name or code: what is wrong, what is right, what the fix writes."""
    try:
        found = catalogue.find(name)
    except catalogue.UnknownRule as error:
        raise click.UsageError(str(error)) from None
    sys.stdout.write(tables.PAGE_RENDERERS[form](found, catalogue.page(found)))
    return 0
