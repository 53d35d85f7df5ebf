"""A fix holds against requests: programs that fell are fixed and attacked again, and who is honest is served."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from mistake_programs import KINDS, SECRET, make
from projects import write

import fastapi_seclint
from fastapi_seclint.cli import run

MANY = 30
OF_A_FIX = "security"
"""The package that a fix brings code of the reference in."""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_fixed_does_not_fall_again(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("SERVICE_KEY", SECRET)
    random = Random(2)
    fell, fixed = [], 0
    for number in range(MANY):
        root = tmp_path / f"p{number}"
        root.mkdir()
        monkeypatch.chdir(write(root, make(kind, random)))
        if not _has_fix(root, KINDS[kind].rules):
            continue
        run(["check", ".", "--fix", "--unsafe-fixes", "--quiet"])
        fixed += 1
        if KINDS[kind].is_made(lambda root=root: _loaded(root, monkeypatch)):
            fell.append((root / "main.py").read_text(encoding="utf-8"))
    assert fell == []
    assert fixed > MANY // 5


def _has_fix(root: Path, rules: tuple[str, ...]) -> bool:
    found = fastapi_seclint.check(".", cwd=root).findings
    return any(finding.fix is not None for finding in found if finding.rule.name in rules)


def _loaded(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, with the code that its own fix brought and no other's."""
    for name in [name for name in sys.modules if name.partition(".")[0] == OF_A_FIX]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    importlib.invalidate_caches()
    spec = importlib.util.spec_from_file_location(f"{root.name}_main", root / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
