"""The fix engine: what is proven is kept, everything else stays byte for byte, and files are written whole."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fastapi_seclint import fixing
from fastapi_seclint.edits import (
    AddImport,
    CreateFile,
    Edit,
    InsertStatements,
    ReplaceExpression,
    SetKeyword,
)
from fastapi_seclint.fixing import FixOutcome, fix, write
from fastapi_seclint.outcome import ReadError, Report
from fastapi_seclint.rule import Finding, Fix, Rule, Severity
from fastapi_seclint.spans import Location, Span

Mend = Callable[[str, Span], tuple[Edit, ...]]


@dataclass
class Toy:
    """A rule that finds names in files: where a pattern matches, and the edits that mend the match."""

    code: str
    pattern: str
    mend: Mend | None
    safe: bool = True
    severity: Severity = "high"
    masks: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def findings(self, path: str, text: str) -> Iterator[Finding]:
        rule = Rule(
            code=self.code, name=f"toy-{self.code.lower()}", summary="toy", severity=self.severity, after=self.after
        )
        for match in re.finditer(self.pattern, text):
            before = text[: match.start()].split("\n")
            column = len(before[-1]) + 1
            span = Span(len(before), column, len(before), column + len(match[0]))
            repair = Fix("mend it", self.safe, self.mend(path, span)) if self.mend else None
            yield rule.finding(Location(path, span), "found", fix=repair, masks=self.masks)


@dataclass
class Project:
    """Files in a folder, analysed by toy rules."""

    folder: Path
    rules: list[Toy]
    runs: int = field(default=0)

    def analyse(self, overlay: Mapping[Path, str]) -> Report:
        self.runs += 1
        texts = {path: path.read_bytes().decode("utf-8", "replace") for path in self.folder.rglob("*.py")} | dict(
            overlay
        )
        findings: list[Finding] = []
        errors: list[ReadError] = []
        for path, text in sorted(texts.items()):
            name = path.relative_to(self.folder).as_posix()
            try:
                compile(text, name, "exec")
            except SyntaxError as error:
                errors.append(ReadError(name, error.lineno or 1, "broken"))
            findings += [found for rule in self.rules for found in rule.findings(name, text)]
        sources = {path.relative_to(self.folder).as_posix(): text for path, text in texts.items()}
        return Report(tuple(sorted(findings, key=lambda one: one.sort_key)), errors=tuple(errors), sources=sources)

    def fix(self, **options: bool) -> FixOutcome:
        return fix(self.analyse, cwd=self.folder, **options)  # type: ignore[arg-type]

    def put(self, **files: str | bytes) -> None:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (self.folder / f"{name}.py").write_bytes(data)

    def contents(self) -> dict[str, bytes]:
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in self.folder.rglob("*.*")}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, [])


def replace_by(code: str) -> Mend:
    return lambda path, span: (ReplaceExpression(path, span, code),)


def texts(outcome: FixOutcome) -> dict[str, str]:
    return {name: change.after for name, change in outcome.changed.items()}


def reasons(outcome: FixOutcome) -> list[str]:
    return [reason for _, reason in outcome.withheld]


def test_all_fixes_of_a_pass_are_proven_by_one_analysis(project: Project) -> None:
    project.put(a="bad(bad)\nok\n", b="bad\n")
    project.rules = [Toy("T1", r"\bbad\b", replace_by("good"))]
    before = project.contents()
    outcome = project.fix()
    assert texts(outcome) == {"a.py": "good(good)\nok\n", "b.py": "good\n"}
    assert len(outcome.applied) == 3
    assert outcome.remaining.findings == ()
    assert project.runs == 2
    assert project.contents() == before
    assert write(outcome) == ()
    assert project.contents() == {"a.py": b"good(good)\nok\n", "b.py": b"good\n"}
    assert project.fix().changed == {}


def test_nothing_to_fix_changes_nothing(project: Project) -> None:
    project.put(a="bad\n")
    project.rules = [Toy("T1", "bad", None)]
    outcome = project.fix()
    assert (outcome.changed, outcome.applied, outcome.withheld, outcome.converged) == ({}, (), (), True)
    assert len(outcome.remaining.findings) == 1


def test_unsafe_fixes_are_asked_for(project: Project) -> None:
    project.put(a="bad\nworse\n")
    project.rules = [Toy("T1", "bad", replace_by("good"), safe=False), Toy("T2", "worse", replace_by("fine"))]
    assert texts(project.fix()) == {"a.py": "bad\nfine\n"}
    assert texts(project.fix(allow_unsafe=True)) == {"a.py": "good\nfine\n"}
    outcome = fix(project.analyse, cwd=project.folder, allow_unsafe=True, fixable=lambda one: one.rule.code == "T1")
    assert texts(outcome) == {"a.py": "good\nworse\n"}


def test_the_weightier_fix_goes_first_and_the_other_waits(project: Project) -> None:
    project.put(a="f(bad)\n")
    project.rules = [
        Toy("T1", r"f\(.*\)", replace_by("g(1)"), severity="low"),
        Toy("T2", "bad", replace_by("good"), severity="critical"),
    ]
    outcome = project.fix()
    assert [finding.rule.code for finding in outcome.applied] == ["T2", "T1"]
    assert texts(outcome) == {"a.py": "g(1)\n"}


def test_a_rule_may_wait_for_the_fixes_of_others(project: Project) -> None:
    project.put(a="a = bad\nb = late\n")
    project.rules = [
        Toy("T1", "late", lambda path, span: (ReplaceExpression(path, span, "listed"),), after=("toy-t2",)),
        Toy("T2", "bad", replace_by("good"), severity="low"),
    ]
    outcome = project.fix()
    assert [finding.rule.code for finding in outcome.applied] == ["T2", "T1"]
    assert texts(outcome) == {"a.py": "a = good\nb = listed\n"}


def test_a_fix_that_breaks_the_file_is_withheld_alone(project: Project) -> None:
    project.put(a="bad\nodd\nbad\n", b="bad\n")
    broken: Mend = lambda path, span: (ReplaceExpression(path, span, "odd +"),)  # noqa: E731
    project.rules = [Toy("T1", "bad", replace_by("good")), Toy("T2", "odd", broken)]
    outcome = project.fix()
    assert texts(outcome) == {"a.py": "good\nodd\ngood\n", "b.py": "good\n"}
    assert [finding.rule.code for finding, _ in outcome.withheld] == ["T2"]
    assert "no expression" in reasons(outcome)[0]


def test_a_result_that_does_not_parse_is_withheld(project: Project) -> None:
    project.put(a="f(k=1, bad=2)\n")
    rename: Mend = lambda path, span: (SetKeyword(path, Span(1, 1, 1, 14), "z", "[return_]"),)  # noqa: E731
    project.rules = [Toy("T1", "bad", rename)]
    outcome = project.fix()
    assert (outcome.changed, reasons(outcome)) == ({}, ["the mistake is still there afterwards"])


def test_a_fix_that_brings_up_something_new_is_withheld(project: Project) -> None:
    project.put(a="bad\n", b="bad\n")
    project.rules = [Toy("T1", "bad", replace_by("worse")), Toy("T2", "worse", None)]
    outcome = project.fix()
    assert outcome.changed == {}
    assert reasons(outcome) == ["it brings up toy-t2 at a.py:1", "it brings up toy-t2 at b.py:1"]


def test_what_a_finding_masked_may_come_up(project: Project) -> None:
    project.put(a="bad\n")
    project.rules = [Toy("T1", "bad", replace_by("worse"), masks=("toy-t2",)), Toy("T2", "worse", None)]
    outcome = project.fix()
    assert texts(outcome) == {"a.py": "worse\n"}
    assert [finding.rule.code for finding in outcome.remaining.findings] == ["T2"]


def test_fixes_that_undo_each_other_leave_their_files_and_no_other(project: Project) -> None:
    project.put(a="ping\n", b="bad\n")
    project.rules = [
        Toy("T1", "ping", replace_by("pong"), masks=("T2",)),
        Toy("T2", "pong", replace_by("ping"), masks=("T1",)),
        Toy("T3", "bad", replace_by("good")),
    ]
    outcome = project.fix()
    assert texts(outcome) == {"b.py": "good\n"}
    assert (outcome.converged, outcome.undecided) == (False, ("a.py",))
    assert reasons(outcome) == [fixing.UNDONE]


def test_a_fix_without_end_leaves_its_file(project: Project) -> None:
    project.put(a="x0\n")
    grow: Mend = lambda path, span: (ReplaceExpression(path, span, f"x{span.end_column * '1'}"),)  # noqa: E731
    project.rules = [Toy("T1", r"x\d+\b", grow, masks=("T1",))]
    project.rules[0].findings = endless(project.rules[0])  # type: ignore[method-assign]
    outcome = project.fix()
    assert (outcome.changed, outcome.undecided) == ({}, ("a.py",))


def endless(toy: Toy) -> Callable[[str, str], Iterator[Finding]]:
    """Findings about a new symbol every time, so that each one is gone and the next comes up."""

    def findings(path: str, text: str) -> Iterator[Finding]:
        for finding in Toy.findings(toy, path, text):
            yield finding.rule.finding(
                finding.location, "found", symbol=text, fix=finding.fix, masks=(finding.rule.name,)
            )

    return findings


def test_a_fix_that_changes_nothing_is_withheld(project: Project) -> None:
    project.put(a="bad\n")
    project.rules = [Toy("T1", "bad", replace_by("bad"))]
    assert reasons(project.fix()) == ["it changes nothing"]


def into_package(path: str, span: Span) -> tuple[Edit, ...]:
    return (
        CreateFile("security/guard.py", "good = 1\n"),
        AddImport(path, "security.guard", "good", None, True),
        ReplaceExpression(path, span, "good"),
    )


def test_a_fix_over_several_files_is_one(project: Project) -> None:
    project.put(a="bad\n", b="bad\n")
    project.rules = [Toy("T1", r"\bbad\b", into_package)]
    outcome = project.fix()
    assert texts(outcome) == {
        "a.py": "from security.guard import good\n\ngood\n",
        "b.py": "from security.guard import good\n\ngood\n",
        "security/guard.py": "good = 1\n",
    }
    assert outcome.groups == (frozenset({"a.py", "b.py", "security/guard.py"}),)
    (project.folder / "b.py").write_text("bad  # edited meanwhile\n")
    before = project.contents()
    assert write(outcome) == ("b.py: changed since it was read; left alone with it: a.py, security/guard.py",)
    assert project.contents() == before
    assert not (project.folder / "security").exists()


def test_a_new_file_never_replaces_one(project: Project) -> None:
    (project.folder / "security").mkdir()
    project.put(**{"a": "bad\n", "security/guard": "mine = 1\n"})
    project.rules = [Toy("T1", r"\bbad\b", into_package)]
    assert reasons(project.fix()) == ["the file to create is there already"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "b.py"), KeyboardInterrupt()], ids=type)
def test_a_write_that_stops_midway_is_taken_back(
    project: Project, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    project.put(a="bad\n", b="bad\n")
    project.rules = [Toy("T1", r"\bbad\b", into_package)]
    outcome = project.fix()
    before = project.contents()
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == "b.py":
            raise error
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    if isinstance(error, OSError):
        reason = "b.py: cannot be written: No space left on device; left alone with it: a.py, security/guard.py"
        assert write(outcome) == (reason,)
    else:
        with pytest.raises(KeyboardInterrupt):
            write(outcome)
    assert project.contents() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"bad\r\nx\r\n", b"good\r\nx\r\n"),
        (b"\xef\xbb\xbfbad\nx", b"\xef\xbb\xbfgood\nx"),
        (b"# coding: latin-1\nbad\nx = '\xe9'\n", b"# coding: latin-1\ngood\nx = '\xe9'\n"),
        (b"if x:\n\tbad\n", b"if x:\n\tgood\n"),
        (b"bad\rx\r", b"good\rx\r"),
        (b"x = '\xe2\x80\xa8\x0c'; bad\n", b"x = '\xe2\x80\xa8\x0c'; good\n"),
    ],
    ids=["crlf", "bom-and-no-final-newline", "cookie", "tabs", "cr", "odd-characters"],
)
def test_everything_else_stays_byte_for_byte(project: Project, before: bytes, after: bytes) -> None:
    project.put(a=before)
    project.rules = [Toy("T1", r"\bbad\b", at_its_character)]
    if before.startswith(b"\xef\xbb\xbf"):
        project.rules = [Toy("T1", r"\bbad\b", lambda path, span: (ReplaceExpression(path, Span(1, 1, 1, 4), "good"),))]
    assert write(project.fix()) == ()
    assert project.contents() == {"a.py": after}


def at_its_character(path: str, span: Span) -> tuple[Edit, ...]:
    return (ReplaceExpression(path, span, "good"),)


def test_a_character_that_the_encoding_lacks_withholds_the_fix(project: Project) -> None:
    project.put(a=b"# coding: latin-1\nbad\n")
    project.rules = [Toy("T1", "bad", replace_by("'\u20ac'"))]
    assert "iso-8859-1, lacks a new character" in reasons(project.fix())[0]


def test_mode_and_link_stay(project: Project, tmp_path: Path) -> None:
    project.put(a="bad\n")
    (tmp_path / "a.py").chmod(0o750)
    (tmp_path / "a.py").rename(tmp_path / "real.py")
    (tmp_path / "a.py").symlink_to("real.py")
    project.rules = [Toy("T1", "bad", lambda path, span: (ReplaceExpression("a.py", span, "good"),))]
    report = project.analyse({})
    only = Report(tuple(one for one in report.findings if one.location.path == "a.py"), sources=report.sources)
    outcome = fix(lambda overlay: Report(()) if overlay else only, cwd=tmp_path)
    assert write(outcome) == ()
    assert (tmp_path / "a.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "good\n"
    assert stat.S_IMODE((tmp_path / "real.py").stat().st_mode) == 0o750
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "real.py"]


def test_a_read_only_or_changed_file_is_left_alone_and_the_others_are_written(project: Project) -> None:
    project.put(a="bad\n", b="bad\n", c="bad\n")
    project.rules = [Toy("T1", "bad", replace_by("good"))]
    outcome = project.fix()
    (project.folder / "a.py").chmod(0o444)
    (project.folder / "b.py").unlink()
    assert write(outcome) == ("a.py: is read-only", "b.py: changed since it was read")
    assert project.contents() == {"a.py": b"bad\n", "c.py": b"good\n"}


@pytest.mark.parametrize("tool", [["git", "apply", "-"], ["patch", "-p1", "-s"]], ids=["git", "patch"])
def test_the_diff_can_be_applied(project: Project, tool: list[str]) -> None:
    project.put(a="bad\nx = '\u00e9'", b="1\n2\n3\n4\n5\nbad\n7\n8\n9\n10\n11\nbad\n", c=b"\xef\xbb\xbfbad\r\nx\r\n")
    (project.folder / "with space").mkdir()
    project.put(**{"with space/d": "bad\n"})
    project.rules = [
        Toy("T1", r"\bbad\b", lambda path, span: into_package(path, span) if path == "b.py" else plain(path, span))
    ]
    outcome = project.fix()
    text = fixing.diff(outcome)
    assert "\\ No newline at end of file\n" in text
    assert "--- /dev/null\n+++ b/security/guard.py\n@@ -0,0 +1 @@\n+good = 1\n" in text
    git = subprocess.run(["which", tool[0]], capture_output=True, check=False)
    if git.returncode:
        pytest.skip(f"{tool[0]} is not installed")
    subprocess.run(tool, cwd=project.folder, input=text.encode(), check=True, capture_output=True)
    applied = project.contents()
    assert set(applied) == set(texts(outcome))
    expected = {name: outcome.originals[name].encoded(text) for name, text in texts(outcome).items()}
    assert applied == expected


def test_the_diff_of_a_long_file_tells_what_changed_and_no_more(project: Project) -> None:
    """Lines that come again and again are no reason to say that others moved."""
    project.put(a="".join(f"bad{number}\nundo()\nraise_it()\n\n" for number in range(80)))
    project.rules = [Toy("T1", r"\bbad\d+\b", replace_by("good"))]
    rows = fixing.diff(project.fix()).split("\n")
    assert {row for row in rows if row.startswith("+") and not row.startswith("+++")} == {"+good"}
    assert sum(row.startswith("-") and not row.startswith("---") for row in rows) == 80


def plain(path: str, span: Span) -> tuple[Edit, ...]:
    shift = 1 if path == "c.py" else 0
    return (ReplaceExpression(path, Span(span.line, span.column - shift, span.line, span.end_column - shift), "good"),)


def test_what_would_bring_up_something_is_tried_again_once_that_is_mended(project: Project) -> None:
    project.put(a="bad\nworse\n")
    project.rules = [
        Toy("T1", r"bad(?=\nworse)", replace_by("worse")),
        Toy("T1", r"bad(?!\nworse)", replace_by("good")),
        Toy("T2", "worse", replace_by("fine")),
    ]
    outcome = project.fix()
    assert (texts(outcome), outcome.withheld) == ({"a.py": "good\nfine\n"}, ())


def test_bisection_asks_for_few_analyses(project: Project) -> None:
    project.put(**{f"m{number:02}": "bad\n" for number in range(32)}, z="odd\n")
    project.rules = [
        Toy("T1", "bad", replace_by("good")),
        Toy("T2", "odd", replace_by("worse")),
        Toy("T3", "worse", None),
    ]
    outcome = project.fix()
    assert len(outcome.changed) == 32
    assert reasons(outcome) == ["it brings up toy-t3 at z.py:1"]
    assert project.runs <= 16


def test_statements_and_imports_of_several_fixes_meet_in_one_file(project: Project) -> None:
    project.put(a="import fastapi\n\nbad\nbad\n")
    mend: Mend = lambda path, span: (  # noqa: E731
        AddImport(path, "os"),
        InsertStatements(path, span, "after", "more()"),
        ReplaceExpression(path, span, "good"),
    )
    project.rules = [Toy("T1", r"\bbad\b", mend)]
    assert texts(project.fix()) == {"a.py": "import os\n\nimport fastapi\n\ngood\nmore()\ngood\nmore()\n"}
