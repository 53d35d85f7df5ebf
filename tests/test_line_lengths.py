"""New code is as wide as the project's own configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_seclint import edits, line_lengths
from fastapi_seclint.edits import SetKeyword
from fastapi_seclint.spans import Span

STATED = [
    ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", 100),
    ("pyproject.toml", "[tool.ruff.lint]\nselect = ['E']\n", 88),
    ("pyproject.toml", "[tool.black]\nline_length = 79\n", 79),
    ("pyproject.toml", "[tool.black]\nline-length = 79\n[tool.ruff]\nline-length = 110\n", 110),
    ("pyproject.toml", "[project]\nname = 'shop'\n", None),
    ("pyproject.toml", "[tool.ruff\n", None),
    ("ruff.toml", "line-length = 99\n", 99),
    ("setup.cfg", "[flake8]\nmax-line-length = 100\n", 100),
    ("tox.ini", "[pycodestyle]\nmax_line_length = 95\n", 95),
    (".flake8", "max-line-length = 95\n", None),
    ("setup.cfg", "[flake8]\nmax-line-length = many\n", None),
]


@pytest.mark.parametrize(("name", "text", "length"), STATED)
def test_the_length_that_a_project_states(tmp_path: Path, name: str, text: str, length: int | None) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    inner = tmp_path / "shop" / "api"
    inner.mkdir(parents=True)
    assert line_lengths.stated(inner) == length


def test_what_is_nearest_counts_and_nothing_outside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("line-length = 70\n", encoding="utf-8")
    inner = tmp_path / "shop" / "api"
    (inner / ".git").mkdir(parents=True)
    assert line_lengths.stated(inner) is None
    (inner / ".flake8").write_text("[flake8]\nmax-line-length = 90\n", encoding="utf-8")
    assert line_lengths.stated(inner) == 90


@pytest.mark.parametrize(("width", "lines"), [(None, 1), (120, 1), (60, 3)])
def test_a_line_is_wrapped_where_it_gets_longer_than_that(width: int | None, lines: int) -> None:
    source = 'app = make_application("shop", "the shop of the harbour")\n'
    edit = SetKeyword("main.py", Span(1, 7, 1, 58), "debug", "False")
    assert edits.apply(source, [edit], width).count("\n") == lines
