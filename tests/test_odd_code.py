"""No rule fails on code that nobody would write: the wrong programs of all pages, their expressions in odd shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from oddities import odd
from pages import page_paths, read_page, write_files

import fastapi_seclint
from fastapi_seclint import catalogue

RULES = {rule.name: rule for rule in catalogue.rules()}


@pytest.mark.parametrize("path", page_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("share", [0.05, 0.25])
def test_no_rule_fails(path: Path, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sections = [section for section in read_page(path, RULES).sections if section.kind == "wrong"]
    for number, project in enumerate(project for section in sections for project in section.projects):
        folder = tmp_path / str(number)
        files = project.files.items()
        write_files(folder, {name: odd(text, number, share) if name.endswith(".py") else text for name, text in files})
        report = fastapi_seclint.check(folder, persona="auditor", include_tests=True, cache=False)
        assert [f"{failure.name}: {failure.message}" for failure in report.failures] == []
