"""The pipeline: the same findings whatever the cache, the workers and the order; crashes with names; overlays."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import toys
from projects import write

import fastapi_seclint
from fastapi_seclint import engine
from fastapi_seclint.cache import PACK
from fastapi_seclint.config import ConfigError, Overrides
from fastapi_seclint.discovery import NoSuchPath
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.engine.vault import FACTS
from fastapi_seclint.outcome import Report
from fastapi_seclint.report import concise, github, json, text

PACKAGE_PARENT = Path(__file__).resolve().parent.parent
MAIN = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/a")\ndef read() -> int:\n    return 1\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with findings of two rules and a file that cannot be read, as the working directory."""
    root = tmp_path / "project"
    root.mkdir()
    (root / ".git").mkdir()
    (root / "main.py").write_text(MAIN, encoding="utf-8")
    for name in ("a", "b"):
        (root / f"{name}.py").write_text("danger()\n", encoding="utf-8")
    (root / "broken.py").write_text("def f(:\n", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def toy_danger(tmp_path: Path) -> Iterator[None]:
    with toys.rules(tmp_path / "toys", toy_danger=toys.danger()):
        yield


def everything(report: Report) -> list[str]:
    """The report in every format."""
    return [json.render(report), text.render(report), concise.render(report), github.render(report)]


def places(report: Report) -> list[tuple[str, str]]:
    return [(finding.rule.name, finding.location.path) for finding in report.findings]


FOUND = [("toy-danger", "a.py"), ("toy-danger", "b.py"), ("unreadable-file", "broken.py")]


@pytest.mark.usefixtures("toy_danger")
def test_a_stored_result_is_equal_in_every_output(project: Path) -> None:
    without = engine.analyse([project], Options(cache=False, replacements=True))
    cold = engine.analyse([project], Options(replacements=True))
    assert (project / ".seclint_cache" / PACK).is_file()
    warm = engine.analyse([project], Options(replacements=True))
    assert places(without) == FOUND
    assert everything(without) == everything(cold) == everything(warm)
    assert warm.findings == cold.findings
    assert (warm.files, warm.checked, warm.apps, warm.failing) == (4, 3, 1, 3)


@pytest.mark.usefixtures("toy_danger")
def test_a_stored_result_is_used_and_only_for_the_same_run(project: Path) -> None:
    first = engine.analyse([project], Options())
    read: list[int] = []
    again = engine.analyse([project], Options(), progress=lambda done, total: read.append(total))
    assert (again.findings, read) == (first.findings, [])
    (project / "a.py").write_text("safety()\n", encoding="utf-8")
    assert places(engine.analyse([project], Options())) == FOUND[1:]
    (project / "seclint.toml").write_text('ignore = ["FSL001"]\n', encoding="utf-8")
    assert places(engine.analyse([project], Options())) == FOUND[1:2]
    assert places(engine.analyse([project], Options(isolated=True))) == FOUND[1:]
    (project / "c.py").write_text("danger()\n", encoding="utf-8")
    assert len(places(engine.analyse([project], Options()))) == 2
    (project / "c.py").rename(project / "d.py")
    assert places(engine.analyse([project], Options()))[-1] == ("toy-danger", "d.py")


@pytest.mark.usefixtures("toy_danger")
def test_a_pack_that_was_damaged_changes_nothing(project: Path) -> None:
    expected = everything(engine.analyse([project], Options(replacements=True)))
    pack = project / ".seclint_cache" / PACK
    whole = pack.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 40)):
        pack.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        assert everything(engine.analyse([project], Options(replacements=True))) == expected
    pack.write_bytes(whole[: len(whole) // 2])
    assert everything(engine.analyse([project], Options(replacements=True))) == expected


@pytest.mark.usefixtures("toy_danger")
def test_facts_that_were_damaged_are_read_from_the_files_again(project: Path) -> None:
    engine.analyse([project], Options())
    pack = project / ".seclint_cache" / FACTS
    whole = pack.read_bytes()
    for number, position in enumerate(range(0, len(whole), max(1, len(whole) // 20))):
        (project / "new.py").write_text(f"x = {number}\n", encoding="utf-8")
        pack.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        assert places(engine.analyse([project], Options())) == FOUND
    pack.unlink()
    (project / "new.py").write_text("danger()\n", encoding="utf-8")
    assert places(engine.analyse([project], Options())) == [*FOUND, ("toy-danger", "new.py")]


@pytest.mark.usefixtures("toy_danger")
def test_an_edit_that_changes_no_fact_runs_no_rule(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.analyse([project], Options(replacements=True))
    (project / "a.py").write_text("danger()  # why\n\n# the end\n", encoding="utf-8")
    expected = everything(engine.analyse([project], Options(replacements=True, cache=False)))
    with monkeypatch.context() as patch:
        patch.setattr(engine, "_run", None)
        for _ in range(2):
            assert everything(engine.analyse([project], Options(replacements=True))) == expected
    assert "# why" in expected[1]


@pytest.mark.usefixtures("toy_danger")
@pytest.mark.parametrize(
    "edited",
    [
        "danger()  # seclint: ignore[toy-danger] -- a toy\n",
        "# one line more\ndanger()\n",
        "x = 1; danger()\n",
        "# danger()\n",
        "def f(:\n",
    ],
)
def test_every_other_edit_is_seen(project: Path, edited: str) -> None:
    before = everything(engine.analyse([project], Options(replacements=True)))
    (project / "a.py").write_text(edited, encoding="utf-8")
    expected = everything(engine.analyse([project], Options(replacements=True, cache=False)))
    assert everything(engine.analyse([project], Options(replacements=True))) == expected != before


@pytest.mark.usefixtures("toy_danger")
def test_a_cache_that_cannot_be_written_changes_nothing(project: Path) -> None:
    (project / ".seclint_cache").write_text("a file in its place")
    assert places(engine.analyse([project], Options())) == FOUND
    assert places(engine.analyse([project], Options())) == FOUND


def test_facts_of_unchanged_files_come_from_the_cache(project: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    engine.analyse([project], Options(), progress=lambda done, total: seen.append(total))
    (project / "a.py").write_text("x = 1\n", encoding="utf-8")
    engine.analyse([project], Options(), progress=lambda done, total: seen.append(total))
    # The two files with the same content were read once.
    assert seen == [3, 3, 3, 1]


@pytest.mark.usefixtures("toy_danger")
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_workers_and_the_order_of_paths_change_nothing(project: Path, jobs: int) -> None:
    for number in range(40):
        (project / f"m{number}.py").write_text(f"danger()\nx = {number}\n", encoding="utf-8")
    expected = everything(engine.analyse([project], Options(cache=False, replacements=True, jobs=1)))
    assert everything(engine.analyse([project], Options(cache=False, replacements=True, jobs=jobs))) == expected
    paths = [project / name for name in ("main.py", "a.py", "b.py", "broken.py")]
    named = everything(engine.analyse(paths, Options(cache=False, replacements=True)))
    assert (
        everything(engine.analyse([*reversed(paths), paths[0]], Options(cache=False, replacements=True, jobs=jobs)))
        == named
    )


LIVES = {
    "main.py": "from fastapi import FastAPI\n\nimport tokens\n\napp = FastAPI()\n",
    "tokens.py": """\
        import os
        from datetime import datetime, timedelta, timezone

        import jwt


        class Life:
            def days(self) -> int:
                raise NotImplementedError


        def access_token(user: str, life: Life) -> str:
            expires = datetime.now(timezone.utc) + timedelta(days=life.days())
            return jwt.encode({"sub": user, "exp": expires}, os.environ["KEY"], algorithm="HS256")
        """,
    "plugins.py": """\
        from tokens import Life


        class Long(Life):
            def days(self) -> int:
                return 90
        """,
}


def test_a_rule_finds_alone_what_it_finds_among_all(tmp_path: Path) -> None:
    write(tmp_path, LIVES)

    def found(*select: str) -> set[tuple[str, str]]:
        options = Options(cwd=tmp_path, cache=False, overrides=Overrides(select=select))
        return {(item.rule.name, str(item.location)) for item in engine.analyse([tmp_path], options).findings}

    assert ("jwt-long-lived", "plugins.py:6") in found("ALL")
    assert found("jwt-long-lived") == {item for item in found("ALL") if item[0] == "jwt-long-lived"}


def test_the_hash_seed_changes_nothing(project: Path) -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-m", "fastapi_seclint", command, ".", "--format", "json", "--no-cache"],
            env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT), "PYTHONHASHSEED": seed},
            cwd=project,
            capture_output=True,
            check=False,
        ).stdout
        for command in ("check", "routes")
        for seed in ("0", "1", "7")
    }
    assert len(outputs) == 2


def test_libcst_is_loaded_for_fixes_that_are_new_only(project: Path, tmp_path: Path) -> None:
    (project / "broken.py").write_text("x = 1\n", encoding="utf-8")
    script = (
        "import sys, toys\nfrom pathlib import Path\nfrom fastapi_seclint.cli import run\n"
        f"with toys.rules(Path({str(tmp_path / 'toys')!r}), toy_danger=toys.danger()):\n"
        "    run(['check', '.', '--format', sys.argv[1], '--output', 'report'])\n"
        "print('libcst' in sys.modules)\n"
    )
    for form, loaded in (("text", False), ("text", False), ("json", True), ("json", False), ("text", False)):
        finished = subprocess.run(
            [sys.executable, "-c", script, form],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE_PARENT), str(PACKAGE_PARENT / "tests")])},
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (finished.stdout, finished.stderr) == (f"{loaded}\n", "")


def test_a_rule_that_crashes_names_itself_and_the_rest_runs(project: Path, tmp_path: Path) -> None:
    with toys.rules(tmp_path / "toys", toy_danger=toys.danger(), toy_crash=toys.CRASH):
        for _ in ("cold", "never stored"):
            report = engine.analyse([project], Options())
            assert places(report) == FOUND
            assert [(failure.name, failure.message) for failure in report.failures] == [
                ("toy-crash", "KeyError: 'no such thing'")
            ]
            assert "toy_crash.py" in report.failures[0].detail
        assert engine.analyse([project], Options(overrides=Overrides(ignore=("toy-crash",)))).failures == ()


@pytest.mark.usefixtures("toy_danger")
def test_an_overlay_stands_in_for_files_and_adds_some(project: Path) -> None:
    overlay = {
        Path("a.py"): "safety()\r\n",
        project / "new" / "c.py": "danger()\n",
        project / "notes.txt": "danger()\n",
    }
    report = engine.analyse([project], Options(), overlay=overlay)
    assert places(report) == [("toy-danger", "b.py"), ("unreadable-file", "broken.py"), ("toy-danger", "new/c.py")]
    assert report.sources["new/c.py"] == "danger()\n"
    assert places(engine.analyse([project], Options())) == FOUND
    declared = {project / "a.py": "# coding: latin-1\ndanger('é')\n"}
    assert places(engine.analyse([project], Options(), overlay=declared))[0] == ("toy-danger", "a.py")


@pytest.mark.usefixtures("toy_danger")
def test_filters_of_the_configuration(project: Path) -> None:
    def with_configuration(lines: str) -> list[tuple[str, str]]:
        (project / "seclint.toml").write_text(lines, encoding="utf-8")
        return places(engine.analyse([project], Options()))

    assert with_configuration('select = ["FSL9"]') == FOUND[:2]
    assert with_configuration('min-severity = "high"') == FOUND[:2]
    assert with_configuration('[severity]\ntoy-danger = "low"\n') == FOUND
    assert with_configuration('min-severity = "medium"\n[severity]\nFSL998 = "low"\n') == FOUND[2:]
    assert with_configuration('[per-path-ignores]\n"a.py" = ["FSL9"]\n"br*" = ["ALL"]\n') == FOUND[1:2]
    assert with_configuration('exclude = ["/a.py"]\n') == FOUND[1:]


def test_the_persona_decides_what_is_shown(project: Path, tmp_path: Path) -> None:
    def shown(persona: str, **overrides: str) -> int:
        with toys.rules(tmp_path / persona, toy_danger=toys.danger(persona="pedantic")):
            report = fastapi_seclint.check(project, persona=persona, **overrides)  # type: ignore[arg-type]
            return sum(name in ("toy-danger", "unreadable-file") for name, _ in places(report))

    assert [shown(persona) for persona in ("regular", "pedantic", "auditor")] == [1, 3, 3]


def test_a_rule_that_is_asked_for_and_kept_back_is_told(project: Path, tmp_path: Path) -> None:
    with toys.rules(tmp_path / "toys", toy_danger=toys.danger(persona="pedantic")):
        report = fastapi_seclint.check(project, select=["FSL998"])
        assert (report.findings, report.notes) == (
            (),
            ("FSL998 toy-danger shows findings with --persona pedantic only",),
        )
        assert fastapi_seclint.check(project, select=["FSL998"], persona="pedantic").notes == ()
        assert fastapi_seclint.check(project, select=["FSL9"]).notes == ()


def test_a_run_without_rules_is_told(project: Path) -> None:
    report = fastapi_seclint.check(project, ignore=["FSL"])
    assert (report.findings, report.notes[-1]) == ((), "no rule is selected, so nothing was looked for")


@pytest.mark.usefixtures("toy_danger")
def test_projects_side_by_side_have_their_own_configuration(project: Path) -> None:
    for name in ("one", "two"):
        (project / name).mkdir()
        (project / name / "code.py").write_text("danger()\n", encoding="utf-8")
    (project / "two" / "seclint.toml").write_text('[severity]\nFSL998 = "low"\n', encoding="utf-8")
    (project / "seclint.toml").write_text('fail-on = "high"\n', encoding="utf-8")
    report = engine.analyse([project / "two", project / "one"], Options())
    assert [(finding.location.path, finding.severity) for finding in report.findings] == [
        ("one/code.py", "high"),
        ("two/code.py", "low"),
    ]
    assert report.failing == 2
    assert engine.analyse([project / "one"], Options()).failing == 1


def test_a_directory_that_cannot_be_read_is_told(project: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every directory")
    closed = project / "closed"
    closed.mkdir(mode=0)
    report = engine.analyse([project], Options())
    assert "closed" in [error.path for error in report.errors]
    closed.chmod(0o700)


def test_a_file_that_goes_away_is_told(project: Path) -> None:
    (project / "gone.py").symlink_to(project / "a.py")
    plan = engine.planning.plan([project], Options())
    unit = plan.units[0]
    missing = replace(unit.project.files[0], path=project / "nowhere.py", display="nowhere.py")
    contents, errors = engine.gathering.contents(
        replace(unit.project, files=(*unit.project.files, missing)), project, {}
    )
    assert [error.path for error in errors] == ["nowhere.py"]
    assert len(contents) == len(unit.project.files)


def test_the_python_interface_gives_what_the_command_gives(project: Path) -> None:
    report = fastapi_seclint.check(".")
    assert places(report) == [("unreadable-file", "broken.py")]
    assert places(fastapi_seclint.check([project / "a.py", "broken.py"], cwd=project)) == places(report)
    assert places(fastapi_seclint.check(project, select=["FSL001"])) == places(report)
    assert not (project / ".seclint_cache").exists()
    survey = fastapi_seclint.routes(project)
    assert [row.path for row in survey.table.routes if row.kind == "http"] == ["/a"]
    assert survey.files == 3
    assert [error.path for error in survey.errors] == ["broken.py"]
    with pytest.raises(NoSuchPath):
        fastapi_seclint.check("nowhere")
    with pytest.raises(ConfigError, match=r"^unknown rule `FSL777`"):
        fastapi_seclint.check(".", select=["FSL777"])


def test_a_stored_route_table_is_equal(project: Path) -> None:
    cold = fastapi_seclint.routes(project, cache=True)
    warm = fastapi_seclint.routes(project, cache=True)
    assert (project / ".seclint_cache" / PACK).is_file()
    assert warm == cold == fastapi_seclint.routes(project)
