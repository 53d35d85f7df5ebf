"""The page runner: reads a rule's page (or a case file) into small projects and runs the real engine over them.

`tests/cases/README.md` describes the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fastapi_seclint.outcome import Report
from fastapi_seclint.rule import Finding, Rule

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rules"
CASES = ROOT / "tests" / "cases"

Kind = Literal["wrong", "fix", "right", "limits", "configure", "references"]
HEADINGS: dict[str, Kind] = {
    "Wrong": "wrong",
    "What `--fix` writes": "fix",
    "Right": "right",
    "Limits": "limits",
    "How to configure": "configure",
    "References": "references",
}
EXECUTED: tuple[Kind, ...] = ("wrong", "fix", "right", "limits")

_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_MARK = re.compile(rf"(?P<code>.*?)[ \t]*# error(?::[ \t]*(?P<names>{_NAME}(?:[ \t]*,[ \t]*{_NAME})*))?[ \t]*")
_PATH = re.compile(r"`(?P<path>[^`\s]+)`")
_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})(?P<language>[\w+-]*)[ \t]*")
_HEADING = re.compile(r"(?P<marks>#{1,6}) (?P<text>.*\S)")


class PageError(Exception):
    """A page that is not written in the page format; says where and why."""


@dataclass(frozen=True, order=True)
class Mark:
    """A line where a finding of a rule starts, in one file of a project."""

    path: str
    line: int
    rule: str


@dataclass
class Project:
    """The files of one small project, without their marks, and the findings that the marks promise."""

    line: int
    files: dict[str, str] = field(default_factory=dict)
    marks: set[Mark] = field(default_factory=set)

    def write(self, folder: Path) -> None:
        """Write every file below `folder`, byte for byte."""
        write_files(folder, self.files)


@dataclass
class Section:
    """A second-level heading and the projects under it; `topic` is what follows the colon in a case file."""

    kind: Kind
    topic: str
    line: int
    projects: list[Project] = field(default_factory=list)


@dataclass
class Page:
    """A page or case file: `rule` is the name of the rule it is about, `is_case` tells the two apart."""

    path: Path
    rule: str
    title: str
    intro: str
    is_case: bool
    sections: list[Section]

    def of(self, kind: Kind) -> list[Section]:
        """The sections of one kind, in order."""
        return [section for section in self.sections if section.kind == kind]

    def fix_groups(self) -> Iterator[tuple[list[Project], Section | None]]:
        """Projects under *Wrong*, with the fix section that answers them: the next one after, None when none is."""
        waiting: list[Project] = []
        for section in self.sections:
            if section.kind == "wrong":
                waiting += section.projects
            elif section.kind == "fix":
                yield waiting, section
                waiting = []
        yield waiting, None


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder, with their newlines as they are."""
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))


def strip_marks(text: str, path: str, rule: str) -> tuple[str, set[Mark]]:
    """The text as the engine sees it, and the marks that its lines carried. A bare mark names `rule`."""
    marks: set[Mark] = set()
    lines = text.split("\n")
    for index, line in enumerate(lines):
        match = _MARK.fullmatch(line)
        if match is None:
            continue
        if not match["code"].strip():
            raise PageError(f"{path}:{index + 1}: a mark trails the line that it marks")
        names = re.split(r"[ \t]*,[ \t]*", match["names"]) if match["names"] else [rule]
        marks |= {Mark(path, index + 1, name) for name in names}
        lines[index] = match["code"]
    return "\n".join(lines), marks


@dataclass
class _Reader:
    """Reads a page line by line; `project` is the one that the next block with a path joins."""

    path: Path
    rule: str
    is_case: bool
    lines: list[str]
    title: str = ""
    intro: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    project: Project | None = None
    pending: str | None = None

    def read(self) -> Page:
        index = 0
        while index < len(self.lines):
            line = self.lines[index]
            if fence := _FENCE.fullmatch(line):
                end = self._closing(index, fence["fence"])
                self._block(index, fence["language"], "".join(f"{text}\n" for text in self.lines[index + 1 : end]))
                index = end
            elif line.strip():
                self._prose(index, line)
            index += 1
        intro = " ".join(self.intro)
        return Page(self.path, self.rule, self.title, intro, self.is_case, self.sections)

    def _closing(self, start: int, fence: str) -> int:
        for index in range(start + 1, len(self.lines)):
            if self.lines[index].rstrip() == fence:
                return index
        raise self._error(start, "this block is never closed")

    def _prose(self, index: int, line: str) -> None:
        if _FENCE.match(line.lstrip()):
            raise self._error(index, "a block starts at the left margin and names only its language")
        self.pending = None
        if heading := _HEADING.fullmatch(line):
            self.project = None
            self._heading(index, len(heading["marks"]), heading["text"])
        elif line.strip() == "---":
            self.project = None
        elif path := _PATH.fullmatch(line.strip()):
            self.pending = path["path"]
        elif not self.sections:
            self.intro.append(line.strip())

    def _heading(self, index: int, level: int, text: str) -> None:
        if level == 1:
            self.title = text
        if level != 2:
            return
        heading, colon, topic = text.partition(":")
        if heading not in HEADINGS or (colon and not self.is_case):
            known = ", ".join(HEADINGS)
            raise self._error(index, f"unknown heading {text!r}; a page has: {known}")
        self.sections.append(Section(HEADINGS[heading], topic.strip(), index + 1))

    def _block(self, index: int, language: str, text: str) -> None:
        path, self.pending = self.pending, None
        if not self.sections:
            raise self._error(index, "a block before the first heading would not run")
        section = self.sections[-1]
        if section.kind not in EXECUTED:
            return
        if path is None:
            self.project = None
            if language == "python":
                self._add(index, section, "main.py", text)
                self.project = None
            return
        self._add(index, section, path, text)

    def _add(self, index: int, section: Section, path: str, text: str) -> None:
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise self._error(index, f"{path} leads out of the project")
        if self.project is None or path in self.project.files:
            self.project = Project(index + 1)
            section.projects.append(self.project)
        code, marks = strip_marks(text, path, self.rule)
        if marks and (section.kind in ("right", "limits") or (section.kind == "fix" and not self.is_case)):
            raise self._error(index, "nothing is found in this section, so nothing in it is marked")
        self.project.files[path] = code
        self.project.marks |= marks

    def _error(self, index: int, message: str) -> PageError:
        return PageError(f"{self.path.name}:{index + 1}: {message}")


def read_page(path: Path, rules: Mapping[str, object] | None = None) -> Page:
    """Read a page, or a case file `<rule>.md` or `<rule>-<topic>.md` (the longest rule name that fits)."""
    is_case = path.parent.name == CASES.name
    rule = path.stem
    if is_case:
        names = [name for name in rules or () if rule == name or rule.startswith(f"{name}-")]
        if not names:
            raise PageError(f"{path.name}: no rule has a name that this file's name begins with")
        rule = max(names, key=len)
    return _Reader(path, rule, is_case, path.read_text(encoding="utf-8").split("\n")).read()


def page_paths() -> list[Path]:
    """All pages and case files, in order of their names."""
    cases = [path for path in sorted(CASES.glob("*.md")) if path.name != "README.md"]
    return sorted(RULES.glob("*.md")) + cases


def manual(rules: Mapping[str, object], projects: int) -> Iterator[tuple[Page, str, int, Project]]:
    """The first wrong and right projects of each page of the manual, with their number among those, from one."""
    for path in page_paths():
        try:
            page = read_page(path, rules)
        except PageError:
            continue
        if page.is_case or page.rule not in rules:
            continue
        kinds: tuple[Literal["wrong", "right"], ...] = ("wrong", "right")
        for kind in kinds:
            found = [project for section in page.of(kind) for project in section.projects]
            for number, project in enumerate(found[:projects], 1):
                yield page, kind, number, project


def concerning(rule: Rule) -> Callable[[Finding], bool]:
    """Which findings count in a page of `rule`: its own, and those of every other rule that a regular run shows."""
    return lambda finding: finding.rule == rule or (finding.persona == "regular" and finding.confidence != "low")


def found_marks(report: Report) -> set[Mark]:
    """The findings of a report as the marks that would promise them."""
    return {Mark(f.location.path, f.location.span.line, f.rule.name) for f in report.findings}


def difference(files: Mapping[str, str], marks: set[Mark], report: Report) -> str:
    """What was promised and what was found, one line for each place where they differ; empty when they agree."""
    found = found_marks(report)
    messages = {mark: finding.message for finding in report.findings for mark in found_marks(Report((finding,)))}
    rows = []
    for mark in sorted(marks ^ found):
        text = [*files.get(mark.path, "").split("\n"), ""]
        code = text[min(mark.line, len(text)) - 1].strip()
        said = f"found    {mark.rule}: {messages[mark]}" if mark in found else f"expected {mark.rule}, not found"
        rows.append(f"  {mark.path}:{mark.line}: {said}\n      {code}")
    unexpected = [error for error in report.errors if Mark(error.path, error.line, "unreadable-file") not in marks]
    rows += [f"  {error.path}:{error.line}: could not be read: {error.message}" for error in unexpected]
    return "\n".join(rows)
