"""`seclint reference list | show NAME | write NAME --to FILE`."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from fastapi_seclint import shipped
from fastapi_seclint.cli.console import complain, note
from fastapi_seclint.cli.options import FILE


@click.group(name="reference", short_help="The correct implementations that fixes are taken from.")
def reference() -> None:
    """List, show or copy the correct implementations that fixes take their code from."""


@reference.command(name="list", short_help="List them.")
def list_() -> int:
    """List the implementations: name, what it is, what to install for it."""
    found = [shipped.implementation(name) for name in shipped.names()]
    width = max(len(item.name) for item in found)
    for item in found:
        sys.stdout.write(f"{item.name:{width}}  {item.summary}  [{', '.join(item.libraries)}]\n")
    return 0


@reference.command(short_help="Print one.")
@click.argument("name")
def show(name: str) -> int:
    """Print the source of an implementation."""
    sys.stdout.write(_named(name).source)
    return 0


@reference.command(short_help="Copy one into a project.")
@click.argument("name")
@click.option("--to", "target", required=True, type=FILE, help="The file to write.")
def write(name: str, target: Path) -> int:
    """Copy an implementation to a file, and those it imports beside it. Nothing is ever overwritten."""
    found = _named(name)
    files = {target: found.source}
    files |= {target.parent / f"{needed}.py": shipped.implementation(needed).source for needed in found.needs}
    if found.needs:
        files.setdefault(target.parent / "__init__.py", "")
    taken = [path for path, text in files.items() if path.exists() and (path == target or not _same(path, text))]
    if taken := [path for path in taken if path.name != "__init__.py"]:
        complain(f"{', '.join(map(str, taken))} exists already; nothing was written")
        return 2
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            if not path.exists():
                path.write_text(text, encoding="utf-8")
                sys.stdout.write(f"{path}\n")
    except OSError as error:
        complain(f"{error.filename or target}: cannot be written: {error.strerror or error}")
        return 3
    note(f"needs {', '.join(found.libraries)}")
    return 0


def _named(name: str) -> shipped.Implementation:
    try:
        return shipped.implementation(name.replace("-", "_"))
    except KeyError:
        near = difflib.get_close_matches(name, shipped.names(), n=1)
        hint = f", did you mean `{near[0]}`?" if near else ""
        raise click.UsageError(f"there is no reference implementation `{name}`{hint}") from None


def _same(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
