"""A finding is what requests show: programs are attacked, and a rule reports just those that make its mistake."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from mistake_programs import KINDS, SECRET, make
from projects import write

import fastapi_seclint

MANY = 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_is_reported_when_requests_show_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("SERVICE_KEY", SECRET)
    random = Random(1)
    wrong, made = [], 0
    for number in range(MANY):
        root = tmp_path / f"p{number}"
        root.mkdir()
        text = make(kind, random)
        write(root, text)
        report = fastapi_seclint.check(".", cwd=root)
        assert report.errors == ()
        reported = any(finding.rule.name in KINDS[kind].rules for finding in report.findings)
        is_made = KINDS[kind].is_made(lambda root=root: _loaded(root / "main.py"))
        made += is_made
        if reported is not is_made:
            wrong.append((is_made, text))
    assert wrong == []
    assert MANY // 5 < made < MANY - MANY // 5  # both kinds of programs are there


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_main", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
