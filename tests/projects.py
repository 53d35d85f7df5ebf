"""Small projects for tests, written from a mapping of path to text and read as the command reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import fastapi_seclint
from fastapi_seclint.engine import gathering, planning
from fastapi_seclint.engine.gathering import Gathered
from fastapi_seclint.engine.planning import Options, Unit
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.outcome import Survey
from fastapi_seclint.program import Program
from fastapi_seclint.program.table import RouteRow
from fastapi_seclint.program.values import Function, Value

Files = Mapping[str, str] | str
"""Texts by path; a text alone is `main.py`. Common indentation is taken off."""


def write(root: Path, files: Files) -> Path:
    """Write a project below `root` and give `root`."""
    for name, text in ({"main.py": files} if isinstance(files, str) else files).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    return root


def survey(root: Path, files: Files) -> Survey:
    """The route table of a project with `root` as working directory; nothing may be unreadable or crash."""
    found = fastapi_seclint.routes(".", cwd=write(root, files))
    assert found.failures == ()
    assert found.errors == ()
    return found


def program(root: Path, files: Files) -> Program:
    """The program model of a project."""
    unit, gathered = gathered_of(root, files)
    return Program(unit.project.root, gathered.files, config=unit.config)


def gathered_of(root: Path, files: Files) -> tuple[Unit, Gathered]:
    """A project as it is planned, and the facts of its files."""
    (unit,) = planning.plan([write(root, files)], Options(cwd=root)).units
    contents, _ = gathering.contents(unit.project, root, {})
    gathered = gathering.gather(contents, gathering.extracted(contents, jobs=1))
    assert gathered.failures == []
    assert gathered.unreadable == []
    return unit, gathered


def routes(root: Path, files: Files) -> dict[str, RouteRow]:
    """The rows of a project by path, without the documentation routes; paths must differ."""
    rows = [row for row in survey(root, files).table.routes if row.kind != "docs"]
    found = {row.path: row for row in rows}
    assert len(found) == len(rows), sorted(row.path for row in rows)
    return found


def value(files: Files, root: Path, name: str = "X", module: str = "main") -> Value:
    """What a name of a module is."""
    found = program(root, files)
    home = found.modules.by_name[module]
    answer = found.interpreter.attribute_of_module(home, name)
    assert answer is not None
    return answer


def value_inside(found: Program, function: str, name: str) -> Value:
    """What a name is inside a function (dotted name) that nobody runs."""
    for block in found.sites.blocks():
        if isinstance(block.function, Function) and block.function.dotted == function:
            answer = block.scope.local(name)
            assert answer is not None
            return answer
    raise AssertionError(f"there is no function {function}")


def forms(found: Program, module: str, kind: str) -> list[Form]:
    """The forms of a kind in the statements of a module."""
    return [form for form in walk(found.modules.by_name[module].facts.module) if form[0] == kind]
