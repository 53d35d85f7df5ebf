"""What keeps a project's own tests from a limit that a fix brings: a fixture that takes it away for all of them.

Each test logs in, all of them come from one address, and a minute is long.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, CreateFile, Edit, InsertStatements
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.subjects.code.reference import local_name

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CLIENTS = frozenset({"TestClient", "AsyncClient"})
_FEW = 5
"""How many tests call too seldom to meet the limit."""
_FIXTURE = """@pytest.fixture(autouse=True)
def no_rate_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr({limiter}, "hit", lambda self, key: None)
"""


def unlimited(program: Program, user: Module, module: str, limiter: str) -> tuple[Edit, ...]:
    """The edits that give a project's tests such a fixture; none where it has few, or they import it otherwise.

    Tests of other programs beside the one where a file uses the limiter are left as they are.
    """
    tests = [
        one
        for one in program.modules.by_file.values()
        if program.is_test(one) and program.modules.reaches(one, user.folder)
    ]
    counted = [one for one in tests if any(_tests(one))]
    number = sum(sum(_tests(one)) for one in counted)
    calling = any(_CLIENTS & one.facts.words for one in tests)
    done = any(limiter in one.facts.words for one in tests)
    if number <= _FEW or not calling or done or not _imports_alike(program, tests):
        return ()
    folder = posixpath.commonpath([one.folder for one in counted])
    shared = [one for one in tests if posixpath.basename(one.file) == "conftest.py"]
    above = [one for one in shared if f"{folder}/".startswith(f"{one.folder}/")]
    if above:
        return _added(max(above, key=lambda one: len(one.folder)), module, limiter)
    if not f"{folder}/".startswith(f"{program.modules.root}/"):
        return ()
    path = posixpath.join(posixpath.relpath(folder, program.modules.root), "conftest.py").removeprefix("./")
    text = f"import pytest\n\nfrom {module} import {limiter}\n\n\n{_FIXTURE.format(limiter=limiter)}"
    return (CreateFile(path, text),)


def _tests(module: Module) -> Iterator[bool]:
    """For each function of a file whether it is a test, one of a class or of the file."""
    return (name.rpartition(".")[2].startswith("test_") for name, *_ in module.facts.functions)


def _imports_alike(program: Program, tests: Sequence[Module]) -> bool:
    """Whether tests import an application by the name that its own files have: a class has one name then."""
    apps = {app.place.module for app in program.apps}
    return any(program.modules.absolute(name, one) in apps and
               any(name == app.name for app in apps) for one in tests for name in one.facts.imports)  # fmt: skip


def _added(conftest: Module, module: str, limiter: str) -> tuple[Edit, ...]:
    statements = conftest.facts.module
    if not statements or local_name(conftest, limiter, module) != limiter or "no_rate_limits" in conftest.facts.words:
        return ()
    return (
        InsertStatements(conftest.path, span_of(statements[-1][1]), "after", _FIXTURE.format(limiter=limiter)),
        AddImport(conftest.path, "pytest"),
        AddImport(conftest.path, module, limiter, local=True),
    )
