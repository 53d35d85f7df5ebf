"""`--fix`, `--diff` and `fix`: what is written, what is said, and how the command ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import toys

from fastapi_seclint.cli import run

Run = Callable[..., tuple[int, str, str]]
DANGER = "danger()\nx = 1\n"
SAFE = "safety()\nx = 1\n"
DIFF = "--- a/{0}.py\n+++ b/{0}.py\n@@ -1,2 +1,2 @@\n-danger()\n+safety()\n x = 1\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    for name in ("a", "b"):
        (root / f"{name}.py").write_text(DANGER, encoding="utf-8")
    (root / "main.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def seclint(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command with a rule whose fix is as the keywords say."""

    def call(*arguments: str, **rule: object) -> tuple[int, str, str]:
        with toys.rules(tmp_path / "toys", toy_danger=toys.danger(**rule)):  # type: ignore[arg-type]
            code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def texts(project: Path) -> list[str]:
    return [(project / f"{name}.py").read_text(encoding="utf-8") for name in ("a", "b")]


@pytest.mark.parametrize("arguments", [("fix",), ("check", "--fix"), ("--fix", ".")])
def test_fix_mends_and_the_code_tells_what_remains(seclint: Run, project: Path, arguments: tuple[str, ...]) -> None:
    assert seclint(*arguments) == (
        0,
        "Found nothing in 3 files.\n",
        "seclint: note: fixed 2 findings in 2 files\n",
    )
    assert texts(project) == [SAFE, SAFE]
    assert seclint(*arguments) == (0, "Found nothing in 3 files.\n", "")


def test_a_stored_result_does_not_stand_in_for_a_fix(seclint: Run, project: Path) -> None:
    assert seclint("check")[0] == 1
    assert seclint("check")[0] == 1
    assert seclint("fix")[0] == 0
    assert texts(project) == [SAFE, SAFE]
    (project / "a.py").write_text(DANGER, encoding="utf-8")
    assert seclint("check")[0] == 1


def test_unsafe_fixes_must_be_asked_for(seclint: Run, project: Path) -> None:
    code, out, _ = seclint("fix", safe=False)
    assert (code, texts(project)) == (1, [DANGER, DANGER])
    assert "2 fixable with --fix --unsafe-fixes." in out
    (project / "seclint.toml").write_text("[fix]\nunsafe = true\n", encoding="utf-8")
    assert seclint("fix", "--no-unsafe-fixes", safe=False)[0] == 1
    assert seclint("fix", "a.py", safe=False)[0] == 0
    assert texts(project) == [SAFE, DANGER]
    assert seclint("fix", "--isolated", "--unsafe-fixes", safe=False)[0] == 0
    assert texts(project) == [SAFE, SAFE]


def test_diff_shows_and_writes_nothing(seclint: Run, project: Path) -> None:
    code, out, err = seclint("check", "--diff")
    assert (code, out) == (1, DIFF.format("a") + DIFF.format("b"))
    assert err == "seclint: note: would fix 2 findings in 2 files\n"
    assert texts(project) == [DANGER, DANGER]
    applied = subprocess.run(["git", "apply"], input=out, text=True, cwd=project, check=False)
    assert (applied.returncode, texts(project)) == (0, [SAFE, SAFE])
    assert seclint("check", "--diff") == (0, "", "")


def test_diff_tells_what_it_cannot_fix(seclint: Run) -> None:
    code, out, err = seclint("check", "--diff", "--unfixable", "toy-danger")
    assert (code, out) == (1, "")
    assert err == "seclint: note: 2 findings are not fixed by this\n"


def test_diff_tells_what_it_would_fix_unsafely(seclint: Run) -> None:
    err = seclint("check", "--diff", "--no-unsafe-fixes", safe=False)[2]
    assert err == "seclint: note: 2 findings are not fixed by this, 2 with --unsafe-fixes\n"


def test_fixable_and_unfixable(seclint: Run, project: Path) -> None:
    assert seclint("fix", "--unfixable", "FSL998")[0] == 1
    assert seclint("fix", "--fixable", "FSL001")[0] == 1
    assert texts(project) == [DANGER, DANGER]
    code, _, err = seclint("fix", "--fixable", "toy-dangr")
    assert code == 2
    assert "unknown rule `toy-dangr`, did you mean `toy-danger`?" in err
    (project / "seclint.toml").write_text('[fix]\nunfixable = ["FSL9"]\n', encoding="utf-8")
    assert seclint("fix")[0] == 1
    assert seclint("fix", "--isolated", "--fixable", "FSL9")[0] == 0


def test_only_what_is_shown_is_fixed(seclint: Run, project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "c.py").write_text(DANGER, encoding="utf-8")
    assert seclint("fix", "--ignore", "FSL998")[0] == 0
    assert seclint("fix", "--min-severity", "critical")[0] == 0
    assert texts(project) == [DANGER, DANGER]
    assert seclint("fix", "b.py")[0] == 0
    assert texts(project) == [DANGER, SAFE]
    assert seclint("fix")[0] == 0
    assert (project / "tests" / "c.py").read_text(encoding="utf-8") == DANGER


def test_fix_only_and_show_fixes_and_the_exit_code_for_changes(seclint: Run, project: Path) -> None:
    code, out, err = seclint("check", "--fix-only", "--show-fixes", "a.py")
    assert (code, out) == (0, "")
    assert err == (
        "seclint: note: fixed a.py:1 FSL998 toy-danger: call safety\nseclint: note: fixed 1 finding in 1 file\n"
    )
    assert seclint("check", "--fix-only", "--exit-non-zero-on-fix", "--quiet") == (1, "", "")
    assert texts(project) == [SAFE, SAFE]
    assert seclint("fix", "--exit-non-zero-on-fix")[0] == 0


def test_a_fix_that_cannot_be_proven_is_told(seclint: Run, project: Path) -> None:
    code, _, err = seclint("fix", after="danger")
    assert (code, texts(project)) == (1, [DANGER, DANGER])
    assert "seclint: note: not fixed a.py:1 FSL998 toy-danger: it changes nothing\n" in err


def test_fixes_that_undo_each_other_leave_the_file_and_end_with_3(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = toys.danger().replace("fix=fix)", 'fix=fix, masks=("toy-safety",))')
    back = toys.danger(after="danger")
    for old, new in (("toy-danger", "toy-safety"), ("toy_danger", "toy_safety"), ('"danger" in', '"safety" in')):
        back = back.replace(old, new).replace("FSL998", "FSL996")
    back = back.replace("fix=fix)", 'fix=fix, masks=("toy-danger",))')
    with toys.rules(tmp_path / "toys", toy_danger=there, toy_safety=back):
        code = run(["fix"])
    assert code == 3
    assert texts(project) == [DANGER, DANGER]
    assert "a.py" in capsys.readouterr().err


def test_a_read_only_file_is_left_alone(seclint: Run, project: Path) -> None:
    (project / "a.py").chmod(0o444)
    code, _, err = seclint("fix")
    assert code == 3
    assert "seclint: error: a.py: is read-only" in err
    assert texts(project) == [DANGER, SAFE]


def test_the_report_after_a_fix_is_that_of_what_remains(seclint: Run, project: Path) -> None:
    (project / "broken.py").write_text("def f(:\n", encoding="utf-8")
    code, out, _ = seclint("fix", "--format", "json")
    assert code == 1
    assert [finding["path"] for finding in json.loads(out)["findings"]] == ["broken.py"]
    assert texts(project) == [SAFE, SAFE]
