"""Every page of the manual is run: what it calls wrong is found, what it calls right is silent, its fixes are real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import unified_diff
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest
import toys
from _pytest.mark import ParameterSet
from pages import (
    Kind,
    Page,
    PageError,
    Project,
    concerning,
    difference,
    page_paths,
    read_page,
)

import fastapi_seclint
from fastapi_seclint import catalogue
from fastapi_seclint.fixing import FixOutcome, fix, write
from fastapi_seclint.outcome import Report
from fastapi_seclint.rule import Rule

RULES = {rule.name: rule for rule in catalogue.rules()}
ORDER: tuple[Kind, ...] = ("wrong", "fix", "right", "limits", "references")
REQUIRED: tuple[Kind, ...] = ("wrong", "right", "references")


def readable_pages() -> list[Page]:
    """The pages that can be read and whose rule exists; the others fail in `test_page_has_the_form_of_a_page`."""
    pages = []
    for path in page_paths():
        try:
            page = read_page(path, RULES)
        except PageError:
            continue
        if page.rule in RULES:
            pages.append(page)
    return pages


PAGES = readable_pages()


def page_id(page: Page) -> str:
    return f"cases/{page.path.stem}" if page.is_case else page.path.stem


def projects() -> Iterator[ParameterSet]:
    """Every project under *Wrong*, *Right* and *Limits*, one test each."""
    for page in PAGES:
        for section in page.sections:
            if section.kind not in ("wrong", "right", "limits"):
                continue
            for number, project in enumerate(section.projects, 1):
                topic = f"-{section.topic.replace(' ', '_')}" if section.topic else ""
                yield pytest.param(page, project, id=f"{page_id(page)}:{section.kind}{topic}-{number}")


def analyse(rule: Rule, overlay: Mapping[Path, str] | None = None) -> Report:
    """Run the real engine over the working directory as a page of `rule` wants it."""
    counts = concerning(rule)
    report = fastapi_seclint.check(Path(), persona=rule.persona, include_tests=True, cache=False, overlay=overlay or {})
    assert [f"{failure.name}: {failure.message}" for failure in report.failures] == []
    return replace(report, findings=tuple(finding for finding in report.findings if counts(finding)))


@pytest.mark.parametrize("path", page_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_page_has_the_form_of_a_page(path: Path) -> None:
    page = read_page(path, RULES)
    assert page.rule in RULES, f"no rule is named {page.rule}"
    assert page.title, "a page begins with a title"
    kinds = [section.kind for section in page.sections]
    if page.is_case:
        assert any(section.projects for section in page.sections), "a case file holds at least one block that is run"
        return
    assert page.intro, "the first paragraph says what an attacker does"
    executed = [kind for kind in kinds if kind != "configure"]
    assert executed == [kind for kind in ORDER if kind in kinds], "sections come in the order of the manual, once each"
    assert kinds.count("configure") <= 1
    assert set(REQUIRED) <= set(kinds)
    for kind in ("wrong", "right"):
        assert page.of(kind)[0].projects, f"the section {kind} has no code that is run"


@pytest.mark.parametrize(("page", "project"), [*projects()])
def test_exactly_the_marked_lines_are_found(
    page: Page, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_found(page, project, tmp_path)


def assert_found(page: Page, project: Project, folder: Path) -> None:
    """The engine finds in the working directory exactly what the project's marks promise."""
    project.write(folder)
    report = analyse(RULES[page.rule])
    problems = difference(project.files, project.marks, report)
    assert not problems, f"{page.path.name}, block at line {project.line}:\n{problems}"
    places = [(finding.rule.code, finding.location) for finding in report.findings]
    assert len(places) == len(set(places)), "one mistake at one place is found once"


def test_wrong_projects_are_marked() -> None:
    unmarked = [
        f"{page.path.name}:{project.line}"
        for page in PAGES
        for section in page.of("wrong")
        for project in section.projects
        if not any(mark.rule == page.rule for mark in project.marks)
    ]
    assert unmarked == []


def text_of(folder: Path) -> dict[str, str]:
    """Every file below a folder as text, newlines kept."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8") for path in files}


def mend(rule: Rule) -> FixOutcome:
    """Fix the working directory as far as the findings' fixes go, unsafe ones included."""
    return fix(partial(analyse, rule), cwd=Path.cwd(), allow_unsafe=True)


def mismatch(shown: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Where the page differs from what the fix wrote; files that the fix leaves alone need not be shown."""
    expected = {**before, **shown}
    rows: list[str] = []
    for name in sorted(expected.keys() | after.keys()):
        old, new = expected.get(name, ""), after.get(name, "")
        rows += unified_diff(old.splitlines(True), new.splitlines(True), f"the page's {name}", f"the fix's {name}")
    return "".join(row if row.endswith("\n") else f"{row}\n" for row in rows)


@pytest.mark.parametrize("page", [pytest.param(page, id=page_id(page)) for page in PAGES])
def test_fixes_write_what_the_page_shows(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_fixes(page, tmp_path, monkeypatch)


def assert_fixes(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the projects under *Wrong* whose findings carry a fix are shown fixed, and the fix writes just that."""
    rule = RULES[page.rule]
    for group, (wrong, section) in enumerate(page.fix_groups()):
        fixed: list[tuple[Project, Path]] = []
        for number, project in enumerate(wrong):
            folder = tmp_path / f"{group}-{number}"
            folder.mkdir()
            project.write(folder)
            monkeypatch.chdir(folder)
            if any(finding.rule == rule and finding.fix for finding in analyse(rule).findings):
                fixed.append((project, folder))
        shown = section.projects if section else []
        assert section is None or fixed, f"{page.path.name}:{section.line}: no finding above carries a fix"
        for pair, expected in zip_longest(fixed, shown):
            assert pair, f"{page.path.name}:{expected.line}: no project under Wrong carries a fix that writes this"
            assert expected, f"{page.path.name}:{pair[0].line}: findings carry a fix, and the page shows no result"
            monkeypatch.chdir(pair[1])
            assert_mends(page, pair[0], expected, pair[1])


def assert_mends(page: Page, wrong: Project, shown: Project, folder: Path) -> None:
    """The fix turns `wrong`, which lies in the working directory, into `shown`, for good."""
    rule = RULES[page.rule]
    before = text_of(folder)
    outcome = mend(rule)
    after = {**before, **{name: new for name, (_, new) in outcome.changed.items()}}
    where = f"{page.path.name}:{shown.line} (Wrong at line {wrong.line})"
    withheld = "".join(f"  withheld: {finding.location}: {why}\n" for finding, why in outcome.withheld)
    rows = mismatch(shown.files, before, after)
    assert not rows, f"{where}\n{withheld}{rows}"
    assert text_of(folder) == before, "finding out what the fix writes writes nothing"
    assert write(outcome) == ()
    assert text_of(folder) == after
    problems = difference(after, shown.marks, analyse(rule))
    assert not problems, f"{where}, after the fix:\n{withheld}{problems}"
    assert not mend(rule).changed, f"{where}: a second fix changes something"


TOY = '''"""A toy rule: calls of `bad` at the top level of a file; `mend=` in the call says that it can be fixed."""

from fastapi_seclint.edits import CreateFile, RemoveKeyword, ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.rule import Fix, Rule
from fastapi_seclint.spans import Location

RULE = Rule(code="FSL999", name="toy-mistake", summary="toys are bad", severity="low", fixable="safe")


@RULE.check
def toy_mistake(program):
    for module in program.modules.by_file.values():
        for form in module.facts.module:
            match form:
                case ["expr", _, ["call", at, ["name", place, "bad"], _, keywords]]:
                    path = module.facts.path
                    edits = (ReplaceExpression(path, span_of(place), "good"), RemoveKeyword(path, span_of(at), "mend"))
                    new = (CreateFile("toys/new.py", "x = 1\\n"),) if any(k[0] == "new" for k in keywords) else ()
                    fix = Fix("play well", True, edits + new) if keywords else None
                    yield RULE.finding(Location(path, span_of(at)), "this toy is bad", fix=fix)
'''


@pytest.fixture
def _toy_rule(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with toys.rules(tmp_path_factory.mktemp("checks"), toy_mistake=TOY):
        monkeypatch.setitem(RULES, "toy-mistake", catalogue.find("toy-mistake"))
        yield


def toy_page(folder: Path, text: str) -> Page:
    """A page of the toy rule; in `text` the line `py` opens and closes a block of Python."""
    path = folder / "toy-mistake.md"
    fences = iter(["```python", "```"] * text.count("py\n"))
    lines = [next(fences) if line == "py" else line for line in text.split("\n")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_page(path)


WRONG = (
    "# t\n\n## Wrong\n\n`a.py`\n\npy\nbad(1, mend=1)  # error\nok()\npy\n\n---\n\n`b.py`\n\npy\nbad()  # error\npy\n\n"
)
SHOWN = "## What `--fix` writes\n\n`a.py`\n\npy\ngood(1)\nok()\npy\n"


@pytest.mark.usefixtures("_toy_rule")
def test_a_page_that_tells_the_truth_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = toy_page(tmp_path, WRONG + SHOWN)
    for number, project in enumerate(page.of("wrong")[0].projects):
        (tmp_path / f"found-{number}").mkdir()
        monkeypatch.chdir(tmp_path / f"found-{number}")
        assert_found(page, project, tmp_path / f"found-{number}")
    assert_fixes(page, tmp_path, monkeypatch)


@pytest.mark.usefixtures("_toy_rule")
@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("bad()", r"main.py:1: found    toy-mistake: this toy is bad\n\s+bad\(\)"),
        ("ok()  # error", r"main.py:1: expected toy-mistake, not found\n\s+ok\(\)"),
        ("bad()  # error: other-mistake", r"found    toy-mistake(.|\n)*expected other-mistake"),
        ("bad(", r"main.py:1: found    unreadable-file"),
    ],
)
def test_a_page_that_promises_too_much_or_too_little_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: str, complaint: str
) -> None:
    page = toy_page(tmp_path, f"# t\n\n## Wrong\n\npy\n{block}\npy\n")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with pytest.raises(AssertionError, match=complaint):
        assert_found(page, page.of("wrong")[0].projects[0], tmp_path / "work")


@pytest.mark.usefixtures("_toy_rule")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (WRONG, "findings carry a fix, and the page shows no result"),
        (WRONG + SHOWN.replace("good(1)", "good(2)"), r"-good\(2\)\n\s*\+good\(1\)"),
        (WRONG + SHOWN.replace("ok()\n", "ok()\n\n"), r"\n\s*-\n"),
        (
            WRONG + SHOWN + "\n---\n\n`b.py`\n\npy\ngood()\npy\n",
            "no project under Wrong carries a fix that writes this",
        ),
        (WRONG.replace("mend", "new") + SHOWN, r"withheld: main.py|withheld: a.py:1: .*has no keyword mend"),
        (WRONG.replace("mend=1", "mend=1, new=2") + SHOWN, r"the fix's toys/new.py"),
        (WRONG.replace("mend=1", "2") + SHOWN, "no finding above carries a fix"),
    ],
    ids=["unshown", "other-code", "blank-line", "unfixed", "withheld", "new-file", "no-fix"],
)
def test_a_page_whose_fix_writes_something_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        assert_fixes(toy_page(tmp_path, text), tmp_path, monkeypatch)
