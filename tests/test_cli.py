"""The command as people and scripts use it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toys

from fastapi_seclint import __version__, catalogue
from fastapi_seclint.cli import run
from fastapi_seclint.report import standards

PACKAGE_PARENT = Path(__file__).resolve().parent.parent
APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{item_id}")
def read(item_id: int) -> int:
    return item_id
"""
BROKEN = "def read(:\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one small application, as the working directory."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(APP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "SECLINT_CONFIG", "SECLINT_FORMAT", "SECLINT_CACHE_DIR", "SECLINT_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def seclint(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in the project: exit code, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def command(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "fastapi_seclint", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_a_clean_project(seclint: Run) -> None:
    assert seclint("check", "app") == (0, "Found nothing in 1 file.\n", "")


@pytest.mark.parametrize(
    "arguments", [(), ("app",), ("check",), ("check", "app"), ("-v", "app"), ("--persona", "auditor")]
)
def test_check_is_the_default_verb_and_here_the_default_path(
    seclint: Run, project: Path, arguments: tuple[str]
) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    code, out, _ = seclint(*arguments)
    assert code == 1
    assert "FSL001 unreadable-file" in out


def test_one_broken_file_is_a_finding_and_an_error(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text("x = 1\n" + BROKEN, encoding="utf-8")
    code, out, err = seclint("check", "--format", "json")
    value = json.loads(out)
    assert (code, err) == (1, "")
    assert [(item["path"], item["line"]) for item in value["errors"]] == [("app/bad.py", 2)]
    assert [(item["name"], item["path"], item["range"]["start"]["line"]) for item in value["findings"]] == [
        ("unreadable-file", "app/bad.py", 2)
    ]
    assert value["summary"]["files"] == 2


def test_a_gate_above_lets_a_finding_pass(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    assert seclint("check", "--fail-on", "medium")[0] == 1
    assert seclint("check", "--fail-on", "high")[0] == 0
    assert seclint("check", "--fail-on", "never")[0] == 0
    assert seclint("check", "--exit-zero")[0] == 0
    assert seclint("check", "--fail-on", "high", "--strict")[0] == 1


def test_a_broken_file_is_told_even_if_its_finding_is_not_shown(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    code, out, err = seclint("check", "--min-severity", "high")
    assert (code, out) == (0, "Found nothing in 2 files.\n")
    assert err.startswith("seclint: warning: app/bad.py:1: not checked: ")


def test_filters(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    assert seclint("check", "--ignore", "FSL001")[0] == 0
    assert seclint("check", "--ignore", "unreadable-file")[0] == 0
    assert seclint("check", "--select", "FSL00")[0] == 1
    assert seclint("check", "--select", "FSL0", "--ignore", "ALL", "--extend-select", "FSL001")[0] == 0
    assert seclint("check", "--min-confidence", "high")[0] == 1


def test_configuration_filters(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    (project / "seclint.toml").write_text('[per-path-ignores]\n"app/b*.py" = ["FSL0"]\n', encoding="utf-8")
    assert seclint("check")[0] == 0
    assert seclint("check", "--isolated")[0] == 1
    (project / "seclint.toml").write_text('[severity]\nunreadable-file = "critical"\n', encoding="utf-8")
    assert "error[FSL001" in seclint("check")[1]
    (project / "seclint.toml").write_text('extend-exclude = ["bad.py"]\n', encoding="utf-8")
    assert seclint("check")[0] == 0


def test_findings_in_tests_are_left_out_unless_asked_for(seclint: Run, project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "bad.py").write_text(BROKEN, encoding="utf-8")
    assert seclint("check", "-v") == (
        0,
        "Found nothing in 2 files.\n",
        "seclint: note: 1 finding in tests left out (--include-tests shows them)\n"
        "seclint: warning: tests/bad.py:1: not checked: invalid syntax\n",
    )
    assert seclint("check", "--include-tests")[0] == 1


def test_a_named_file_is_reported_alone_in_the_model_of_its_project(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    (project / "app" / "worse.py").write_text(BROKEN, encoding="utf-8")
    value = json.loads(seclint("check", "--format", "json", "app/worse.py")[1])
    assert [item["path"] for item in value["findings"]] == ["app/worse.py"]
    assert seclint("check", "app/main.py")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("chekc",), "no such file or directory: chekc, did you mean `seclint check`?"),
        (("nowhere",), "no such file or directory: nowhere"),
        (("check", "--select", "unreadable-fiel"), "unknown rule `unreadable-fiel`, did you mean `unreadable-file`?"),
        (("check", "--ignore", "FSL999"), "unknown rule `FSL999`, `seclint rules` lists them"),
        (("check", "--format", "yaml"), "'yaml' is not one of text, concise, json, github"),
        (("check", "--format", "text", "--format", "json"), "two formats cannot go to the same place"),
        (("check", "--persona", "nobody"), "'nobody' is not one of"),
        (("check", "--config", "missing.toml"), "missing.toml: cannot be read: No such file or directory"),
        (("check", ""), "an empty text is no path"),
        (("check", "-"), "`-` is no path: files are judged within their project, not alone"),
        (
            ("check", "--config", "a.toml", "--isolated"),
            "--isolated takes no configuration file, and --config names one",
        ),
        (("check", "--cache-dir", "app/main.py"), "Directory 'app/main.py' is a file"),
        (("rules", "--config", "a.toml", "--isolated"), "--isolated takes no configuration file"),
        (("routes", "--quiet", "--verbose"), "--quiet and --verbose exclude each other"),
        (("config", "check", "nowhere"), "no such file or directory: nowhere"),
        (("check", "--no-such-option"), "No such option"),
        (("rule", "unreadable-fiel"), "unknown rule `unreadable-fiel`, did you mean `unreadable-file`?"),
        (("rule", "fsl001"), "did you mean `FSL001`?"),
        (("routes", "nowhere"), "no such file or directory: nowhere"),
        (("routes", "--format", "yaml"), "'yaml' is not one of"),
    ],
)
def test_usage_errors(seclint: Run, arguments: tuple[str, ...], complaint: str) -> None:
    code, out, err = seclint(*arguments)
    assert (code, out) == (2, "")
    assert complaint in err


def test_help_lists_the_options_of_a_check_by_what_they_are_about(seclint: Run) -> None:
    code, out, _ = seclint("check", "--help")
    titles = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert code == 0
    assert " ".join(titles) == "Rules and findings: Exit code: Output: Repair: Files: Configuration and run: Options:"


def test_all_faults_of_a_configuration_are_told(seclint: Run, project: Path) -> None:
    (project / "seclint.toml").write_text(
        'selekt = ["ALL"]\nfail-on = "hihg"\n\n[auth]\nfactory = []\n', encoding="utf-8"
    )
    code, out, err = seclint("config", "check")
    assert (code, out) == (2, "")
    assert [line.partition(",")[0] for line in err.splitlines()] == [
        "seclint: error: seclint.toml:1: unknown key `selekt`",
        "seclint: error: seclint.toml:2: `fail-on` must be one of critical",
        "seclint: error: seclint.toml:5: unknown key `auth.factory`",
    ]


def test_a_configuration_error(seclint: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.seclint]\nselct = []\n", encoding="utf-8")
    assert seclint("check") == (
        2,
        "",
        "seclint: error: pyproject.toml:2: unknown key `selct`, did you mean `select`?\n",
    )
    assert seclint("routes")[0] == 2
    assert seclint("check", "--isolated")[0] == 0


def test_nothing_to_check_is_no_success(seclint: Run, project: Path) -> None:
    (project / "empty").mkdir()
    (project / "broken").mkdir()
    (project / "broken" / "bad.py").write_text(BROKEN, encoding="utf-8")
    (project / "library").mkdir()
    (project / "library" / "sums.py").write_text("def add(a, b):\n    return a + b\n", encoding="utf-8")
    assert seclint("check", "empty")[0] == 4
    assert seclint("check", "broken")[0] == 4
    assert seclint("check", "--exit-zero", "broken")[0] == 4
    assert seclint("routes", "empty")[0] == 4
    assert seclint("check", "library") == (
        0,
        "Found nothing in 1 file.\n",
        "seclint: note: no application found in library\n",
    )
    assert seclint("check", "--require-app", "library")[0] == 4
    assert seclint("check", "--require-app", "app")[0] == 0


def test_named_files_that_are_all_excluded(seclint: Run, project: Path) -> None:
    (project / "seclint.toml").write_text('extend-exclude = ["app/"]\n', encoding="utf-8")
    code, out, err = seclint("check", "--hook", "app/main.py")
    assert code == 0
    assert "excluded: app/main.py" in err
    assert "Found nothing" in out


def test_formats_to_files(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    code, out, _ = seclint(
        "check", "--format", "concise", "--format", "json=report.json", "--format", "github=notes.txt"
    )
    assert code == 1
    assert out.startswith("app/bad.py:1:")
    assert json.loads((project / "report.json").read_text())["findings"][0]["code"] == "FSL001"
    assert (project / "notes.txt").read_text().startswith("::warning file=app/bad.py,line=1,")
    assert seclint("check", "--output", "out.txt")[:2] == (1, "")
    assert "FSL001" in (project / "out.txt").read_text()


def test_an_output_that_cannot_be_written(seclint: Run) -> None:
    code, out, err = seclint("check", "--output", "no/such/folder.txt")
    assert (code, out) == (3, "")
    assert err == "seclint: error: cannot write no/such/folder.txt: No such file or directory\n"


def test_quiet_and_statistics_and_no_snippet(seclint: Run, project: Path) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    assert "Found" not in seclint("check", "-q")[1]
    assert "1  FSL001  unreadable-file\n" in seclint("check", "--statistics")[1]
    assert "def read" in seclint("check")[1]
    assert "def read" not in seclint("check", "--no-snippet")[1]


def test_colour(seclint: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    assert "\x1b[" not in seclint("check")[1]
    assert "\x1b[" in seclint("check", "--color", "always")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in seclint("check")[1]
    assert "\x1b[" not in seclint("check", "--color", "never")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in seclint("check")[1]


def test_environment_gives_defaults(seclint: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "other.toml").write_text('ignore = ["FSL001"]\n', encoding="utf-8")
    (project / "app" / "bad.py").write_text(BROKEN, encoding="utf-8")
    monkeypatch.setenv("SECLINT_CONFIG", "other.toml")
    monkeypatch.setenv("SECLINT_FORMAT", "json")
    code, out, _ = seclint("check")
    assert (code, json.loads(out)["findings"]) == (0, [])


def test_routes(seclint: Run) -> None:
    code, out, err = seclint("routes", "--format", "json")
    rows = [row for row in json.loads(out)["routes"] if row["kind"] == "http"]
    assert (code, err) == (0, "")
    assert [(row["path"], row["methods"], row["endpoint"], row["file"], row["line"]) for row in rows] == [
        ("/items/{item_id}", ["GET"], "app.main.read", "app/main.py", 7)
    ]
    assert "app/main.py:7" in seclint("routes")[1]
    assert "/items/{item_id},http,app.main.read,app/main.py,7" in seclint("routes", "--format", "csv")[1]
    assert "| GET | /items/{item\\_id} | app/main.py:7 |" in seclint("routes", "--format", "markdown")[1]
    assert seclint("routes", "--format", "csv", "--output", "r.csv")[1] == ""


def test_routes_are_cut_for_a_terminal_only(project: Path) -> None:
    long = f"/{'section-' * 12}end"
    (project / "app" / "long.py").write_text(
        f'from app.main import app\n\n\n@app.get("{long}")\ndef read() -> None: ...\n', encoding="utf-8"
    )
    assert long in command("routes", cwd=project, COLUMNS="").stdout
    assert max(map(len, command("routes", cwd=project, COLUMNS="80").stdout.splitlines()[:4])) <= 80


def test_rules_lists_the_catalogue(seclint: Run) -> None:
    codes = [rule.code for rule in catalogue.rules()]
    assert [line.split()[0] for line in seclint("rules")[1].splitlines()[1:]] == codes
    assert [rule["code"] for rule in json.loads(seclint("rules", "--format", "json")[1])] == codes
    assert seclint("rules", "--format", "markdown")[1].count("\n") == len(codes) + 2


@pytest.mark.parametrize("name", ["unreadable-file", "FSL001"])
def test_rule_explains_one(seclint: Run, name: str) -> None:
    rule = catalogue.find("FSL001")
    code, out, _ = seclint("rule", name)
    assert code == 0
    assert out.startswith(f"FSL001 unreadable-file\n{rule.summary}\n\n  severity    medium\n")
    assert "\nUnreadable file\n===============\n" in out
    value = json.loads(seclint("rule", name, "--format", "json")[1])
    assert (value["name"], value["page"]) == ("unreadable-file", catalogue.page(rule))
    assert seclint("rule", name, "--format", "markdown")[1].startswith(
        f"# Unreadable file\n\n`unreadable-file` (FSL001): {rule.summary}\n\n| | |\n| --- | --- |\n| severity | medium"
    )


def test_the_page_of_a_rule_reads_well(seclint: Run) -> None:
    out = seclint("rule", "unprotected-route")[1]
    for text in (
        "  weakness    CWE-306 Missing Authentication for Critical Function <https://cwe.mitre.org/data/definitions/306",
        "              CWE-862 Missing Authorization <https://cwe.mitre.org/data/definitions/862.html>\n",
        "  OWASP API   API2:2023 Broken Authentication <https://owasp.org/API-Security/editions/2023/en/0xa2-",
        "  guide       section 9, Common Patterns\n",
        "  suppress    # seclint: ignore[unprotected-route] -- why this is right here\n",
        "\nWrong\n-----\n",
        "\nshop/auth.py:\n",
        "\n    import jwt\n",
    ):
        assert text in out
    assert "```" not in out
    assert "](http" not in out
    value = json.loads(seclint("rule", "FSL501", "--format", "json")[1])
    assert value["weaknesses"][0]["name"] == "Missing Authentication for Critical Function"
    assert value["risks"][0]["id"] == "API2:2023"


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_page_at_once(seclint: Run, form: str) -> None:
    code, out, _ = seclint("rule", "--all", "--format", form)
    assert code == 0
    assert all(rule.name in out for rule in catalogue.rules())
    assert seclint("rule")[0] == seclint("rule", "FSL001", "--all")[0] == 2


def test_every_weakness_has_a_name() -> None:
    assert {number for rule in catalogue.rules() for number in rule.cwe} - standards.CWE.keys() == set()


def test_rules_says_which_are_enabled_here(seclint: Run, project: Path) -> None:
    (project / "seclint.toml").write_text('ignore = ["FSL302"]\n', encoding="utf-8")
    rows = {row["name"]: row for row in json.loads(seclint("rules", "--format", "json")[1])}
    assert rows["unreadable-file"]["enabled"]
    assert rows["jwt-expiry-unverified"]["why_not"] == "left out by `ignore`: FSL302 (seclint.toml:1)"
    assert rows["stale-configuration"]["why_not"] == "shows findings with --persona pedantic only"
    assert re.search(r"FSL302 +jwt-expiry-unverified +no +", seclint("rules")[1])
    assert re.search(r"FSL302 +jwt-expiry-unverified +yes +", seclint("rules", "--isolated")[1])


def test_version_and_module(project: Path) -> None:
    assert command("--version", cwd=project).stdout == f"seclint, version {__version__}\n"
    finished = command("app", cwd=project)
    assert (finished.returncode, finished.stdout) == (0, "Found nothing in 1 file.\n")


def test_files_of_the_project_are_not_run_in_place_of_pythons_own(tmp_path: Path) -> None:
    for name in ("http.py", "json.py", "ast.py"):
        (tmp_path / name).write_text("raise SystemExit('the analysed project was run')\n")
    finished = command("check", ".", "--no-cache", cwd=tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_a_reader_that_goes_away_is_no_error(project: Path) -> None:
    for number in range(300):
        (project / "app" / f"bad{number}.py").write_text(BROKEN, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "fastapi_seclint", "app"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def test_text_that_the_terminal_cannot_show_is_escaped(project: Path) -> None:
    (project / "app" / "日本.py").write_text(BROKEN, encoding="utf-8")
    finished = command("app", cwd=project, PYTHONIOENCODING="ascii")
    assert finished.returncode == 1
    assert "\\u65e5\\u672c.py" in finished.stdout


def test_a_crash_of_the_tool_is_no_clean_result(seclint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi_seclint.engine.planning.plan", None)
    code, out, err = seclint("check")
    assert (code, out) == (3, "")
    assert err.startswith("seclint: error: seclint itself failed: TypeError: ")


def test_an_interrupt_ends_quietly(seclint: Run, tmp_path: Path) -> None:
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background ignores it
    try:
        with toys.rules(tmp_path / "toys", toy_interrupt=toys.INTERRUPT):
            assert seclint("check", "app", "--no-cache") == (130, "", "")
    finally:
        signal.signal(signal.SIGINT, heard)


def test_a_rule_that_crashes_fails_the_run_and_v_shows_where(seclint: Run, tmp_path: Path) -> None:
    with toys.rules(tmp_path / "toys", toy_crash=toys.CRASH):
        code, out, err = seclint("check", "app", "--exit-zero")
        assert (code, out) == (3, "Found nothing in 1 file.\n")
        assert err == "seclint: error: toy-crash failed: KeyError: 'no such thing'\n"
        assert "toy_crash.py" in seclint("check", "app", "-v")[2]
        value = json.loads(seclint("check", "app", "--format", "json")[1])
        assert value["errors"] == [{"path": ".", "line": 1, "message": "toy-crash failed: KeyError: 'no such thing'"}]


def test_unprotected_routes_are_those_that_are_open_or_unknown(seclint: Run) -> None:
    rows = json.loads(seclint("routes", "--format", "json")[1])["routes"]
    shown = json.loads(seclint("routes", "--unprotected", "--format", "json")[1])["routes"]
    assert shown == [row for row in rows if row["protection"] in ("open", "unknown")]
