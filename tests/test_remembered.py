"""A run after another one of the same process and the same files gives what it gives alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_seclint import engine
from fastapi_seclint.config import Overrides
from fastapi_seclint.engine.planning import Options

FIXTURE = Path(__file__).parent / "fixtures" / "shop_vulnerable"
CHOICES = (
    Overrides(),
    Overrides(select=("hardcoded-secret",)),
    Overrides(ignore=("FSL4",), min_severity="high"),
    Overrides(persona="pedantic", select=("FSL1", "FSL4")),
)


def options(overrides: Overrides, known: Options | None = None) -> Options:
    """Options of a run by itself, or of one that remembers what another one has found."""
    if known is None:
        return Options(overrides=overrides, isolated=True, cache=False)
    return Options(overrides=overrides, isolated=True, cache=False, remembered=known.remembered)


@pytest.mark.parametrize("overrides", CHOICES)
def test_what_is_remembered_is_what_would_be_found(overrides: Overrides) -> None:
    first = options(Overrides(select=("ALL",), ignore=(), min_severity="low"))
    engine.analyse([FIXTURE], first, fresh=True)
    again = engine.analyse([FIXTURE], options(overrides, first))
    alone = engine.analyse([FIXTURE], options(overrides))
    assert again.findings == alone.findings
    assert (again.notes, again.failures, again.failing) == (alone.notes, alone.failures, alone.failing)


def test_a_changed_file_is_looked_at_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main = tmp_path / "main.py"
    main.write_text('SECRET_KEY = "letters-for-the-club"\n', encoding="utf-8")
    first = options(Overrides())
    assert len(engine.analyse([main], first).findings) == 1
    main.write_text("SECRET_KEY = None\n", encoding="utf-8")
    assert engine.analyse([main], options(Overrides(), first)).findings == ()
