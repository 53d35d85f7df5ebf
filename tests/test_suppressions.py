"""Suppression comments: which findings they hide, what the reports say of them, and what a run says of the comments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import toys
from projects import write

from fastapi_seclint.cli import run
from fastapi_seclint.facts.comments import directives
from fastapi_seclint.suppressions.reading import says_nothing

Check = Callable[..., dict[str, object]]
WHY = "-- the other side checks this"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty repository as working directory, and two rules that find calls of `danger` and `risk`."""
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    monkeypatch.chdir(project)
    for name in ("SOURCE_DATE_EPOCH", "SECLINT_CONFIG", "SECLINT_FORMAT", "SECLINT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    with toys.rules(
        tmp_path / "toys", toy_danger=toys.calls("danger", "FSL998"), toy_risk=toys.calls("risk", "FSL997")
    ):
        yield


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """`seclint check . --format json` with further arguments, read."""

    def call(*arguments: str) -> dict[str, object]:
        code = run(["check", ".", "--format", "json", *arguments])
        out = capsys.readouterr().out
        return {**json.loads(out), "exit": code}

    return call


def places(found: object, *names: str) -> list[tuple[str, int]]:
    """(rule, line) of findings, of the rules named or all."""
    assert isinstance(found, list)
    return sorted((one["name"], one["range"]["start"]["line"]) for one in found if not names or one["name"] in names)


def hidden_lines(check: Check, source: str) -> tuple[list[int], list[int]]:
    """The lines of the calls that stay findings and of those that are hidden."""
    write(Path(), {"main.py": source})
    report = check()
    toys_found = ("toy-danger", "toy-risk")
    return (
        [line for _, line in places(report["findings"], *toys_found)],
        [line for _, line in places(report["suppressed"], *toys_found)],
    )


@pytest.mark.parametrize(
    ("source", "hidden"),
    [
        (f"danger()  # seclint: ignore[toy-danger] {WHY}\ndanger()\n", [1]),
        (f"danger()  # seclint: ignore[FSL998] {WHY}\ndanger()\n", [1]),
        (f"danger()  # type: ignore  # seclint: ignore[toy-danger] {WHY}  # noqa: F821\ndanger()\n", [1]),
        (f"danger(\n    1,\n    2,\n)  # seclint:ignore[toy-danger]{WHY}\ndanger()\n", [1]),
        (f"f(\n    1,  # seclint: ignore[toy-danger] {WHY}\n    danger(),\n)\ndanger()\n", [3]),
        (f"f(\n    # seclint: ignore[toy-danger] {WHY}\n    danger(),\n)\ndanger()\n", [3]),
        (f"f(1, \\\n    danger())  # seclint: ignore[toy-danger] {WHY}\ndanger()\n", [2]),
        (f"# seclint: ignore[toy-danger] {WHY}\n\n# more about it\ndanger()\ndanger()\n", [4]),
        (f"if x:\n    # seclint: ignore[toy-danger] {WHY}\n    danger()\ndanger()\n", [3]),
        (f"# seclint: ignore[toy-danger] {WHY}\nif danger():\n    danger()\ndanger()\n", [2]),
        (f"# seclint: ignore[toy-danger] {WHY}\n@f(\n    danger(),\n)\n@g\ndef h(a=danger()):\n    danger()\n", [3, 6]),
        (f"@f(danger())\n@g  # seclint: ignore[toy-danger] {WHY}\ndef h(a=danger()):\n    danger()\n", [1, 3]),
        (f"@f(danger())\ndef h(\n    a=danger(),\n):  # seclint: ignore[toy-danger] {WHY}\n    danger()\n", [1, 3]),
        (f"risk(danger())  # seclint: ignore[toy-danger, toy-risk] {WHY}\n", [1, 1]),
        (f"# seclint: ignore[toy-risk] {WHY}\n# seclint: ignore[toy-danger] {WHY}\nrisk(danger())\n", [3, 3]),
        (f"danger(); danger()  # seclint: ignore[toy-danger] {WHY}\n", [1, 1]),
        (f'"""Module."""\n# seclint: ignore-file[toy-danger] {WHY}\n\ndanger()\ndef f():\n    danger()\n', [4, 6]),
        (f"danger()\n# seclint: disable[toy-danger] {WHY}\ndanger()\n# seclint: enable[toy-danger]\ndanger()\n", [3]),
        (f"def f():\n    # seclint: disable[toy-danger] {WHY}\n    danger()\n    danger()\n\ndanger()\n", [3, 4]),
        (
            f"def f():\n    # seclint: disable[toy-danger, toy-risk] {WHY}\n    if danger():\n        risk()\n"
            "    # seclint: enable[toy-risk]\n    risk(danger())\n",
            [3, 4, 6],
        ),
        # What looks like a comment and is none, in syntax that is newer than some interpreters, too.
        (f"x = '# seclint: ignore[toy-danger] {WHY}'; danger()\n", []),
        (f'danger("""\n# seclint: ignore[toy-danger] {WHY}\n""")\n', []),
        (f"danger(f\"{{d['# seclint: ignore[toy-danger] {WHY}']}}\")\n", []),
        (f'danger(f"{{d["# seclint: ignore[toy-danger] {WHY}"]:>{{w}}}}")\n', []),
        (f"danger(f'{{x:#>10}}', rf'\\{{x}}')  # seclint: ignore[toy-danger] {WHY}\ndanger()\n", [1]),
        (f"type P[T] = list[T]\ndanger()  # seclint: ignore[toy-danger] {WHY}\n", [2]),
        (f"é = 'ü'; danger()  # seclint: ignore[toy-danger] {WHY}\n", [1]),
        (f"danger()\r\ndanger()  # seclint: ignore[toy-danger] {WHY}\r\ndanger()\r\n", [2]),
    ],
)
def test_which_lines_a_comment_covers(check: Check, source: str, hidden: list[int]) -> None:
    stay, gone = hidden_lines(check, source)
    assert sorted(gone) == hidden
    calls = source.replace("\r\n", "\n").split("\n")
    every = [
        number for number, line in enumerate(calls, 1) for word in ("danger(", "risk(") for _ in range(line.count(word))
    ]
    assert sorted([*stay, *gone]) == sorted(every)


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("# seclint: ignore", "it names no rule: ignore[rule-name] -- reason"),
        ("# seclint: ignore[]", "it names no rule: ignore[rule-name] -- reason"),
        (f"# seclint: ignore[toy-dangr] {WHY}", "unknown rule `toy-dangr`, did you mean `toy-danger`?"),
        (f"# seclint: ignore[Toy-danger] {WHY}", "unknown rule `Toy-danger`, did you mean `toy-danger`?"),
        (f"# seclint: ignore[ALL] {WHY}", "unknown rule `ALL`"),
        (f"# seclint: ignore[FSL9] {WHY}", "unknown rule `FSL9`"),
        (f"# seclint: ingore[toy-danger] {WHY}", "`ingore` is no way to suppress, did you mean `ignore`?"),
        ("# seclint: ignore[toy-danger] because of the other side", "the reason comes after ` -- `"),
        (f"# seclint: ignore[toy-danger, until=soon] {WHY}", "`until=soon` is no date: until=YYYY-MM-DD"),
        (f"# seclint: ignore[toy-danger, until=2031-02-30] {WHY}", "`until=2031-02-30` is no date"),
        (f"# seclint: ignore-file[toy-danger] {WHY}", "`ignore-file` stands before the first statement of a file"),
        (f"# seclint: disable[toy-danger] {WHY}", "`disable` stands on a line of its own"),
        (f"# seclint: ignore[unused-suppression] {WHY}", "is left out with `ignore` in the configuration"),
    ],
)
def test_a_comment_that_cannot_be_understood_hides_nothing_and_is_told(
    check: Check, comment: str, complaint: str
) -> None:
    write(Path(), {"main.py": f"x = 1\ndanger()  {comment}\n"})
    report = check()
    assert places(report["suppressed"]) == []
    found = {one["name"]: one["message"] for one in report["findings"]}  # type: ignore[attr-defined]
    assert {"toy-danger", "malformed-suppression"} <= set(found)
    assert complaint in found["malformed-suppression"]
    assert check("--fail-on", "never")["exit"] == 0
    assert check("--fail-on", "never", "--strict")["exit"] == 1


def test_an_enable_that_ends_nothing_and_a_comment_above_nothing_are_told(check: Check) -> None:
    write(
        Path(),
        f"""\
        danger()
        # seclint: enable[toy-danger]
        def f():
            # seclint: disable[toy-danger] {WHY}
            danger()
        # seclint: enable[toy-danger]
        # seclint: ignore[toy-danger] {WHY}
        """,
    )
    assert places(check()["findings"]) == [
        ("malformed-suppression", 2),
        ("malformed-suppression", 6),
        ("malformed-suppression", 7),
        ("toy-danger", 1),
    ]


def test_what_is_right_in_a_comment_still_acts(check: Check) -> None:
    write(Path(), f"danger()  # seclint: ignore[toy-danger, toy-dngr] {WHY}\n")
    report = check()
    assert places(report["suppressed"]) == [("toy-danger", 1)]
    assert places(report["findings"]) == [("malformed-suppression", 1)]


@pytest.mark.parametrize("reason", ["", "todo", "TODO: ask", "false positive", "-", "n/a", "because", "fp, see #12"])
def test_no_reason_and_a_placeholder_are_the_same(reason: str) -> None:
    assert says_nothing(reason)


@pytest.mark.parametrize(
    "reason",
    ["signature checked in the handler", "todo list is public by design of the demo", "Schlüssel ist öffentlich"],
)
def test_a_sentence_is_a_reason(reason: str) -> None:
    assert not says_nothing(reason)


def test_what_a_missing_reason_means_is_configured(check: Check) -> None:
    write(Path(), "danger()  # seclint: ignore[toy-danger]\n")
    report = check()
    assert (places(report["findings"]), places(report["suppressed"])) == (
        [("suppression-without-reason", 1)],
        [("toy-danger", 1)],
    )
    write(Path(), {"seclint.toml": '[suppressions]\nrequire-reason = "off"\n'})
    assert places(check()["findings"]) == []
    write(Path(), {"seclint.toml": '[suppressions]\nrequire-reason = "error"\n'})
    assert places(check()["findings"]) == [("suppression-without-reason", 1), ("toy-danger", 1)]


def test_rules_that_must_not_be_suppressed(check: Check) -> None:
    write(
        Path(),
        {
            "main.py": f"danger()  # seclint: ignore[toy-danger] {WHY}\nrisk()  # seclint: ignore[toy-risk] {WHY}\n",
            "seclint.toml": '[suppressions]\nunsuppressible = ["FSL998"]\n',
        },
    )
    report = check()
    assert places(report["findings"]) == [("malformed-suppression", 1), ("toy-danger", 1)]
    told = {one["name"]: one["message"] for one in report["findings"]}  # type: ignore[attr-defined]
    assert "`toy-danger` must not be suppressed (seclint.toml:2)" in told["malformed-suppression"]


def test_a_suppression_ends_after_its_last_day(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path(), f"danger()  # seclint: ignore[toy-danger, until=2031-05-01] {WHY}\n")
    assert places(check("--today", "2031-05-01")["findings"]) == []
    assert places(check("--today", "2031-05-02")["findings"]) == [("expired-suppression", 1), ("toy-danger", 1)]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1935884800")  # 2031-05-07
    assert places(check()["findings"]) == [("expired-suppression", 1), ("toy-danger", 1)]
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    write(Path(), f"danger()  # seclint: ignore[toy-danger, until=2001-01-01] {WHY}\n")
    assert places(check()["findings"]) == [("expired-suppression", 1), ("toy-danger", 1)]
    assert places(check("--isolated")["findings"]) == []


def test_an_unused_comment_is_judged_only_for_rules_that_ran(check: Check) -> None:
    write(Path(), f"x = 1  # seclint: ignore[toy-danger, toy-risk] {WHY}\n")
    (found,) = check()["findings"]  # type: ignore[misc]
    assert "hides no finding of toy-danger, toy-risk," in found["message"]
    (found,) = check("--ignore", "toy-risk")["findings"]  # type: ignore[misc]
    assert "hides no finding of toy-danger," in found["message"]
    assert places(check("--select", "FSL002")["findings"]) == []


def test_a_comment_is_used_even_if_its_finding_would_not_be_shown(check: Check) -> None:
    write(Path(), f"danger()  # seclint: ignore[toy-danger] {WHY}\n")
    report = check("--min-severity", "critical")
    assert (report["findings"], report["suppressed"]) == ([], [])
    assert places(check("--persona", "auditor")["findings"]) == []


def test_reports_say_what_is_suppressed(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), f"danger()  # seclint: ignore[toy-danger] {WHY}\ndanger()\n")
    report = check()
    (hidden,) = report["suppressed"]  # type: ignore[misc]
    assert hidden["suppressed_by"] == {
        "path": "main.py",
        "range": {"start": {"line": 1, "column": 11}, "end": {"line": 1, "column": 70}},
        "kind": "ignore",
        "reason": "the other side checks this",
    }
    assert report["summary"]["suppressed"] == 1  # type: ignore[index]
    assert "suppressed_by" not in report["findings"][0]  # type: ignore[index]
    run(["check"])
    out = capsys.readouterr().out
    assert out.endswith("Found 1 (1 high) in 1 of 1 file; 1 suppressed.\n")
    assert "suppressed[" not in out
    run(["check", "--show-suppressed"])
    out = capsys.readouterr().out
    assert "suppressed[FSL998 toy-danger]: danger is called\n --> main.py:1:1" in out
    assert '= suppressed: ignore at main.py:1, "the other side checks this"\n' in out
    run(["check", "--format", "concise", "--show-suppressed"])
    assert "main.py:1:1: FSL998 toy-danger high [suppressed at 1: the other side checks this] danger" in (
        capsys.readouterr().out
    )


def test_comments_can_be_disregarded(check: Check) -> None:
    write(Path(), "danger()  # seclint: ignore[toy-danger]\nx = 1  # seclint: nonsense\n")
    report = check("--no-suppressions")
    assert (places(report["findings"]), report["suppressed"]) == ([("toy-danger", 1)], [])


def test_a_warm_run_says_the_same_without_reading_facts(check: Check) -> None:
    write(
        Path(),
        f"danger()  # seclint: ignore[toy-danger] {WHY}\n# seclint: ignore[toy-risk] {WHY}\nx = 1\n"
        "y = 1  # seclint: no\n",
    )
    cold = check()
    assert places(cold["findings"]) == [("malformed-suppression", 4), ("unused-suppression", 2)]
    assert check() == cold == check("--no-cache")


def test_suppressed_findings_are_not_fixed_and_unused_comments_are(tmp_path: Path) -> None:
    source = f"""\
        import jwt
        from app.settings import KEY


        def read(token):
            # seclint: ignore[jwt-expiry-unverified] {WHY}
            return jwt.decode(token, KEY, algorithms=["HS256"], options={{"verify_exp": False}})


        # seclint: disable[toy-danger, toy-risk] {WHY}
        risk()
        # seclint: enable[toy-danger, toy-risk]
        x = 1  # seclint: ignore[toy-danger] {WHY}
        # seclint: disable[toy-danger] {WHY}
        y = 1
        # seclint: enable[toy-danger]
        """
    write(Path(), source)
    run(["fix", "--select", "FSL002,FSL302"])
    fixed = (
        dedent(source)
        .replace("[toy-danger, toy-risk]", "[toy-risk]")
        .replace(f"  # seclint: ignore[toy-danger] {WHY}", "")
    )
    fixed = fixed.replace(f"# seclint: disable[toy-danger] {WHY}\ny = 1\n# seclint: enable[toy-danger]\n", "y = 1\n")
    assert Path("main.py").read_text(encoding="utf-8") == fixed


def test_comments_are_written_above_findings(capsys: pytest.CaptureFixture[str], check: Check) -> None:
    source = "risk()\nif x:\n    danger(\n        danger(),\n    )\n\n\n@wrap\ndef f(a=danger()):\n    risk(danger())\n"
    write(Path(), source)
    reason = ("--reason", "the other side checks this")
    assert run(["suppress", "--rule", "toy-danger", *reason, "--diff"]) == 0
    assert Path("main.py").read_text(encoding="utf-8") == source
    assert f"+    # seclint: ignore[toy-danger] {WHY}\n" in capsys.readouterr().out
    assert run(["suppress", "--rule", "toy-danger", *reason, "--until", "2031-05-01"]) == 0
    assert capsys.readouterr().err.endswith("suppressed 4 findings in 1 file\n")
    comment = f"# seclint: ignore[toy-danger, until=2031-05-01] {WHY}\n"
    assert Path("main.py").read_text(encoding="utf-8") == (
        f"risk()\nif x:\n    {comment}    danger(\n        danger(),\n    )\n\n\n"
        f"{comment}@wrap\ndef f(a=danger()):\n    {comment}    risk(danger())\n"
    )
    assert places(check("--today", "2031-05-01")["findings"]) == [("toy-risk", 1), ("toy-risk", 13)]
    assert run(["suppress", "--rule", "FSL998", *reason, "--today"][:-1]) == 0
    assert "nothing to suppress" in capsys.readouterr().err


def test_comments_are_not_written_without_a_reason_or_where_they_would_not_act(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(Path(), {"main.py": "danger()\n", "seclint.toml": '[suppressions]\nunsuppressible = ["FSL998"]\n'})
    assert run(["suppress", "--rule", "toy-danger", "--reason", "todo"]) == 2
    assert run(["suppress", "--rule", "toy-dangr", "--reason", "the other side checks this"]) == 2
    assert "did you mean `toy-danger`?" in capsys.readouterr().err
    assert run(["suppress", "--rule", "toy-danger", "--reason", "the other side checks this"]) == 3
    assert "main.py:1: toy-danger cannot be suppressed by a comment" in capsys.readouterr().err
    assert run(["suppress", "--rule", "toy-danger", "--reason", "the other side checks", "--until", "2001-01-01"]) == 2
    assert "--until 2001-01-01 has passed" in capsys.readouterr().err
    assert Path("main.py").read_text(encoding="utf-8") == "danger()\n"


BROKEN_REVIEW = """
from fastapi_seclint.rule import Rule

RULE = Rule(code="FSL996", name="toy-review", summary="crashes", severity="low")


@RULE.reviews
def toy_review(run):
    raise KeyError("no such thing")
    yield
"""


def test_a_rule_about_the_run_that_crashes_is_told_and_the_rest_is_shown(tmp_path: Path, check: Check) -> None:
    write(Path(), "danger()\n")
    with toys.rules(tmp_path / "more", toy_review=BROKEN_REVIEW):
        report = check()
    assert (report["exit"], places(report["findings"])) == (3, [("toy-danger", 1)])
    assert "toy-review failed: KeyError" in str(report["errors"])


def test_a_file_that_does_not_speak_to_seclint_costs_no_scan() -> None:
    assert directives("danger()  # noqa\n") == []
