#!/usr/bin/env python3
"""What a check costs, in multiples of parsing the same files with `ast.parse` in the same run.

    benchmarks/speed.py TREE [--against bandit] [--rounds N]

The Python and configuration files of TREE are copied first, so nothing is written to it. Every round measures the
floor (reading and parsing all files, without the interpreter's start), then whole processes: a cold check (empty
cache), a warm one (nothing changed), and one after each of two edits to a file of median size: a new comment, and a new
statement, which no stored result outlives. The best of the rounds counts.
Processor time includes worker processes; the peak is that of the largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FLOOR = """
import ast, json, pathlib, sys, time, warnings
warnings.simplefilter("ignore")
files = json.load(open(sys.argv[1]))
failed = 0
wall, processor = time.perf_counter(), time.process_time()
for file in files:
    try:
        ast.parse(pathlib.Path(file).read_bytes())
    except (SyntaxError, ValueError):
        failed += 1
print(json.dumps([time.process_time() - processor, time.perf_counter() - wall, failed]))
"""
RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fastapi_seclint.cli import main; main()"
SECLINT = [sys.executable, "-P", "-c", RUN, str(Path(__file__).resolve().parent.parent)]
COPIED = ("*.py", "pyproject.toml", "seclint.toml", "setup.cfg", "*requirements*.txt", "*.lock", ".gitignore")
LEFT_OUT = (".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__")
OTHERS = {"bandit": ["-q", "-r", ".", "-f", "json", "-o", os.devnull, "--exit-zero"]}


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor and wall time in seconds, peak memory in MB (0: not measured)."""

    processor: float
    wall: float
    peak: float = 0.0


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each figure."""
    return Cost(min(c.processor for c in costs), min(c.wall for c in costs), min(c.peak for c in costs))


def copy_tree(tree: Path, target: Path) -> list[Path]:
    """Copy what a check reads, links left out; gives the copied Python files."""

    def unwanted(folder: str, names: list[str]) -> set[str]:
        paths = {name: Path(folder, name) for name in names}
        return {
            name
            for name, path in paths.items()
            if name in LEFT_OUT
            or path.is_symlink()
            or (path.is_file() and not any(path.match(pattern) for pattern in COPIED))
        }

    shutil.copytree(tree, target, ignore=unwanted)
    return sorted(path for path in target.rglob("*.py") if path.is_file())


def measure(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a process to its end; exits with its message when it fails."""
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(
            command, cwd=folder, env={**variables, **environment}, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            message = errors.read()[-2000:].decode(errors="replace")
            raise SystemExit(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{message}")
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak)


def compiled(place: Path) -> dict[str, str]:
    """Where the bytecode of seclint goes: it is there before anything is measured, as for every installed tool."""
    return {"PYTHONPYCACHEPREFIX": str(place / "bytecode")}


def warm_up(place: Path) -> None:
    """Import what a check imports."""
    project = place / "empty"
    project.mkdir()
    (project / "main.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n", "utf-8")
    measure([*SECLINT, "check", ".", "--no-cache", "--exit-zero"], project, compiled(place))


def floor(files: Sequence[Path], place: Path) -> tuple[Cost, int]:
    """The cost of reading and parsing the files in a process of its own, and how many do not parse."""
    listing = place / "files.json"
    listing.write_text(json.dumps([str(file) for file in files]), "utf-8")
    run = subprocess.run([sys.executable, "-c", FLOOR, listing], capture_output=True, text=True, check=True)
    processor, wall, failed = json.loads(run.stdout)
    return Cost(processor, wall), failed


def rounds(copy: Path, files: Sequence[Path], place: Path, count: int) -> tuple[dict[str, Cost], int]:
    """Measure the floor and the four kinds of check `count` times; the best of each, and the unparsable files."""
    check = [*SECLINT, "check", ".", "--format", "json", "--exit-zero"]
    edited = sorted(files, key=lambda file: file.stat().st_size)[len(files) // 2]
    measured: dict[str, list[Cost]] = {}
    failed = 0
    for number in range(count):
        cache = {"SECLINT_CACHE_DIR": str(place / f"cache-{number}"), **compiled(place)}
        parsing, failed = floor(files, place)
        measured.setdefault("ast.parse", []).append(parsing)
        measured.setdefault("cold", []).append(measure(check, copy, cache))
        measured.setdefault("warm", []).append(measure(check, copy, cache))
        for name, line in (("edited comment", "# {0}"), ("edited code", "edited_by_benchmark_{0} = {0}")):
            with edited.open("a", encoding="utf-8") as text:
                text.write(f"\n{line.format(number)}\n")
            measured.setdefault(name, []).append(measure(check, copy, cache))
    return {name: best(costs) for name, costs in measured.items()}, failed


def other(name: str, copy: Path, place: Path) -> Cost:
    """The cost of another tool, installed into an environment of its own."""
    environment = place / name
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([environment / "bin" / "python", "-m", "pip", "install", "--quiet", name], check=True)
    tool = environment / "bin" / name
    measure([tool, "--version"], copy, {})
    return measure([tool, *OTHERS[name]], copy, {})


def print_costs(costs: Mapping[str, Cost], lines: int, others: Sequence[str]) -> None:
    """One line a measurement, then the ratios to other tools."""
    base = costs["ast.parse"]
    print(f"{'':16}{'processor':>11}{'x floor':>9}{'wall':>9}{'x floor':>9}{'lines/s':>12}{'peak MB':>9}")
    for name, cost in costs.items():
        times = f"{cost.processor:9.2f} s{cost.processor / base.processor:9.2f}"
        times += f"{cost.wall:7.2f} s{cost.wall / base.wall:9.2f}{lines / cost.wall:12,.0f}"
        print(f"{name:16}{times}" + (f"{cost.peak:9.0f}" if cost.peak else f"{'-':>9}"))
    for name in others:
        processor, wall = costs[name].processor / costs["cold"].processor, costs[name].wall / costs["cold"].wall
        print(
            f"a cold check is {processor:.1f} times faster than {name} in processor time, {wall:.1f} times in wall time"
        )


def main() -> None:
    """Measure one tree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, help="directory to check")
    parser.add_argument("--against", action="append", default=[], choices=sorted(OTHERS), help="another tool as well")
    parser.add_argument("--rounds", type=int, default=3, help="how often to measure (default 3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="seclint-speed-") as temporary:
        place = Path(temporary)
        files = copy_tree(options.tree.resolve(), place / "tree")
        if not files:
            raise SystemExit(f"{options.tree}: no Python files")
        lines = sum(file.read_bytes().count(b"\n") for file in files)
        warm_up(place)
        costs, failed = rounds(place / "tree", files, place, options.rounds)
        for name in options.against:
            costs[name] = other(name, place / "tree", place)
    print(f"{options.tree}: {len(files):,} files, {lines:,} lines, {failed} that this Python cannot parse")
    print_costs(costs, lines, options.against)


if __name__ == "__main__":
    main()
