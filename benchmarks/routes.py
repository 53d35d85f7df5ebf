#!/usr/bin/env python3
"""Hold `seclint routes` against what FastAPI itself built.

    benchmarks/routes.py TABLES SOURCES... [--only NAME] [--verbose]

TABLES is a folder of JSON route tables, one an application, each made by importing the application and walking its
routes. SOURCES says where the sources of each table are: a folder with a sub-folder for each application, a file with
lines `NAME=PATH`, or such arguments themselves; a PATH that ends in .json is a stored output of `seclint routes`.

A table's own routes count: http and websocket, neither FastAPI's (/docs) nor a library's. A route is found when path,
methods and kind are equal; its dependencies are equal when the sets of names are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from route_tables import PROTECTIONS, Result, compare

RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fastapi_seclint.cli import main; main()"
SECLINT = [sys.executable, "-P", "-c", RUN, str(Path(__file__).resolve().parent.parent)]


def normal(name: str) -> str:
    """A name as folders and distributions may both spell it."""
    return re.sub(r"[-_.+/]+", "-", name).lower()


def names_of(table: dict[str, Any]) -> list[str]:
    """The folder names under which a table's sources may lie, best first: its own, its distribution's, repository's."""
    origin = table["source"].partition(":")[2]
    distribution = re.split(r"==|@", origin)[0]
    return [normal(name) for name in (table["app"], distribution, distribution.rpartition("/")[2])]


def read_sources(arguments: Sequence[str]) -> dict[str, Path]:
    """Normalised name -> path, from folders, mapping files and `NAME=PATH` arguments; later ones win."""
    sources: dict[str, Path] = {}
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            sources.update({normal(child.name): child for child in sorted(path.iterdir()) if child.is_dir()})
            continue
        lines = path.read_text("utf-8").splitlines() if path.is_file() else [argument]
        for line in lines:
            name, equals, target = line.strip().partition("=")
            if equals:
                sources[normal(name)] = Path(target)
    return sources


def survey_of(source: Path, command: Sequence[str], cache: str) -> tuple[dict[str, Any], float]:
    """The output of `seclint routes --format json` for a directory, and its wall time in seconds."""
    if source.suffix == ".json":
        return json.loads(source.read_text("utf-8")), 0.0
    started = time.perf_counter()
    run = subprocess.run(
        [*command, "routes", ".", "--format", "json"],
        cwd=source,
        env={**os.environ, "SECLINT_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    try:
        return json.loads(run.stdout), seconds
    except ValueError:
        raise SystemExit(f"{source}: exit code {run.returncode}, no table\n{run.stderr[-2000:]}") from None


def details(result: Result, limit: int) -> Iterator[str]:
    """What differs, at most `limit` lines a kind."""

    def shown(title: str, lines: Sequence[str]) -> Iterator[str]:
        for line in lines[:limit]:
            yield f"  {title}: {line}"
        if len(lines) > limit:
            yield f"  {title}: ... {len(lines) - limit} more"

    yield from shown("missing", [str(route) for route in result.missing])
    yield from shown("extra", [str(route) for route in result.extra])
    differing = []
    for expected, computed in result.differing():
        lacking = sorted(expected.dependencies - computed.dependencies)
        surplus = sorted(computed.dependencies - expected.dependencies)
        differing.append("\n    ".join([str(expected), *(f"- {n}" for n in lacking), *(f"+ {n}" for n in surplus)]))
    yield from shown("dependencies", differing)
    yield from shown("endpoint", [f"{a} computed as {b.endpoint}" for a, b in result.renamed()])
    yield from shown("line", [f"{a} computed as {b.place}:{b.line}" for a, b in result.moved()])
    yield from shown("unresolved", [f"{row['path']}:{row['line']} {row['reason']}" for row in result.unresolved])


HEADINGS = ("own", "found", "deps", "names", "lines", "extra", "unresolved", *PROTECTIONS)


def print_summary(results: Sequence[Result]) -> None:
    """One line an application and their sum."""
    width = max([len(result.name) for result in results] + [len("total")])
    print(" ".join([" " * width, *(heading.rjust(10) for heading in HEADINGS), "   seconds"]))
    for result in results:
        cells = [str(count).rjust(10) for count in result.counts()]
        print(" ".join([result.name.ljust(width), *cells, f"{result.seconds:10.2f}"]))
    sums = [sum(column) for column in zip(*(result.counts() for result in results), strict=True)]
    seconds = sum(result.seconds for result in results)
    print(" ".join(["total".ljust(width), *(str(count).rjust(10) for count in sums), f"{seconds:10.2f}"]))
    own, found, equal = sums[0] or 1, sums[1], sums[2]
    print(f"found {found / own:.2%} of the routes, {equal / own:.2%} with exactly their dependencies")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, help="folder of route tables")
    parser.add_argument("sources", nargs="+", help="folder, mapping file or NAME=PATH")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this table (repeatable)")
    parser.add_argument("--verbose", "-v", action="store_true", help="list what differs")
    parser.add_argument("--limit", type=int, default=40, help="lines a kind with --verbose (default 40)")
    parser.add_argument("--command", help="what to run instead of this checkout's seclint")
    return parser.parse_args()


def main() -> None:
    """Compare every table that has sources; exit with 1 when a table has none."""
    options = arguments()
    command = shlex.split(options.command) if options.command else SECLINT
    sources = read_sources(options.sources)
    results, without = [], []
    with tempfile.TemporaryDirectory() as cache:
        for path in sorted(options.tables.glob("*.json")):
            if options.only and path.stem not in options.only:
                continue
            table = json.loads(path.read_text("utf-8"))
            source = next((sources[name] for name in [normal(path.stem), *names_of(table)] if name in sources), None)
            if source is None:
                without.append(path.stem)
                continue
            survey, seconds = survey_of(source, command, cache)
            result = compare(path.stem, table, survey)
            result.seconds = seconds
            results.append(result)
            if options.verbose or result.chosen_by != "name" or result.stripped:
                stripped = f", leading package {result.stripped} left out of the names" if result.stripped else ""
                print(f"{result.name}: {table['entry']} is {result.app or '-'} (by {result.chosen_by}){stripped}")
            if options.verbose:
                print("\n".join(details(result, options.limit)))
    if results:
        print_summary(results)
    if without:
        raise SystemExit(f"no sources for: {', '.join(without)}")


if __name__ == "__main__":
    main()
