"""The static route table is the one that FastAPI builds: small projects are imported and read, and must agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import projects_dependencies
import projects_makers
import projects_plugins
import projects_routes
import projects_values
import pytest
from cases_of_tables import Case
from projects import survey, write

GROUPS = [projects_routes, projects_dependencies, projects_makers, projects_plugins, projects_values]
PROJECTS: dict[str, Case] = {name: case for group in GROUPS for name, case in group.PROJECTS.items()}


def cases() -> list[Any]:
    wrong = {name: [pytest.mark.xfail(strict=True, reason=case.wrong)] for name, case in PROJECTS.items() if case.wrong}
    return [pytest.param(name, marks=wrong.get(name, []), id=name) for name in PROJECTS]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The tables that FastAPI builds, by project."""
    base = tmp_path_factory.mktemp("projects")
    work = [[str(write(base / str(n), case.files)), case.entry] for n, case in enumerate(PROJECTS.values())]
    (base / "work.json").write_text(json.dumps(work), encoding="utf-8")
    script = Path(__file__).with_name("runtime_table.py")
    done = subprocess.run(
        [sys.executable, str(script), str(base / "work.json")], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(PROJECTS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", cases())
def test_the_tables_agree(name: str, built: dict[str, list[Any]], tmp_path: Path) -> None:
    case = PROJECTS[name]
    table = survey(tmp_path, case.files).table
    read = sorted(
        [
            row.path,
            list(row.methods),
            row.kind,
            "docs" if row.kind == "docs" else row.endpoint,
            sorted(row.dependencies),
        ]
        for row in table.routes
    )
    assert read == built[name]
    assert (table.unresolved == ()) is case.resolved
    assert [app.name for app in table.apps] == [case.entry]
