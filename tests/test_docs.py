"""What the documentation shows is true: its configuration is accepted, its comments can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT

from fastapi_seclint import selection
from fastapi_seclint.config import ConfigError
from fastapi_seclint.config_file import load
from fastapi_seclint.facts.comments import directives
from fastapi_seclint.suppressions.reading import read

BLOCK = re.compile(r"```(?P<language>\w+)\n(?P<text>.*?)```", re.S)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page in a language."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [block["text"] for block in found if block["language"] == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_configuration_that_is_shown_is_accepted(page: Path, tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('persona = "regular"\n', encoding="utf-8")
    for number, text in enumerate(blocks(page, "toml")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "pyproject.toml").write_text(text, encoding="utf-8")
        found = load(folder, cwd=folder)
        assert found.notes == ()
        assert selection.rules_of(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_suppressions_that_are_shown_can_be_read(page: Path) -> None:
    for text in blocks(page, "python"):
        comments, _ = read(page.name, directives(text), lambda word: (word, ""))
        assert [fault for comment in comments for fault in comment.faults] == []


SECTION = re.compile(r"^## How to configure\n(?P<text>.*?)^## ", re.M | re.S)
ENTRY = re.compile(r"`(?P<entry>[a-z-]+ =\s[^`]+)`")
TABLE = re.compile(r"\[tool\.seclint\.(?P<name>[a-z-]+)\]")


@pytest.mark.parametrize("page", sorted((ROOT / "rules").glob("*.md")), ids=lambda page: page.stem)
def test_entries_that_a_rule_tells_of_are_accepted(page: Path, tmp_path: Path) -> None:
    for section in SECTION.finditer(page.read_text(encoding="utf-8")):
        tables = ["", *(f"[{found['name']}]\n" for found in TABLE.finditer(section["text"]))]
        for found in ENTRY.finditer(section["text"]):
            entry = " ".join(found["entry"].split())
            assert any(accepts(tmp_path, f"{table}{entry}\n") for table in tables), entry


def accepts(folder: Path, text: str) -> bool:
    (folder / "seclint.toml").write_text(text, encoding="utf-8")
    try:
        return bool(selection.rules_of(load(folder, cwd=folder)))
    except ConfigError:
        return False


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_that_a_rule_refers_to_exists() -> None:
    for page in sorted((ROOT / "rules").glob("*.md")):
        for target in re.findall(r"`(docs/[\w./-]+)`", page.read_text(encoding="utf-8")):
            assert (ROOT / target).is_file(), f"{page.name}: {target}"
