"""The fix engine: applies the fixes of findings in memory, keeps those that are proven, and writes them when asked.

A pass applies every fix that does not touch what a weightier one changes, and is proven by one analysis of the result;
only when that fails is the pass halved until the fixes that fail are found. Fixes that wait come in the next pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from fastapi_seclint import edits, line_lengths
from fastapi_seclint.edits import EditError
from fastapi_seclint.fixing import files, proof
from fastapi_seclint.fixing.difference import file_diff
from fastapi_seclint.fixing.files import FileError, Original
from fastapi_seclint.outcome import Report
from fastapi_seclint.rule import SEVERITIES, Finding

__all__ = ["Change", "FixOutcome", "diff", "fix", "write"]

PASSES = 10
UNDONE = "its fix and another one undo each other"

Run = Callable[[Mapping[Path, str]], Report]
"""Analyses the project with some texts, by absolute path, in place of its files."""


class Change(NamedTuple):
    """The text of a file before (None for a new file) and after."""

    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """What fixing comes to; nothing is written yet.

    `changed` gives texts by display path, without byte order marks. `withheld` are findings whose fix could not be
    proven, each with the reason. `remaining` is the report of the files as changed. `undecided` names files left alone
    because their fixes did not come to an end (the run has failed then). `groups` are files that change together or
    not at all.
    """

    changed: Mapping[str, Change]
    applied: tuple[Finding, ...]
    withheld: tuple[tuple[Finding, str], ...]
    remaining: Report
    undecided: tuple[str, ...] = ()
    groups: tuple[frozenset[str], ...] = ()
    originals: Mapping[str, Original] = field(default_factory=dict, repr=False)

    @property
    def converged(self) -> bool:
        """Whether the fixes of every file came to an end."""
        return not self.undecided


def fix(
    run: Run,
    *,
    cwd: Path,
    allow_unsafe: bool = False,
    fixable: Callable[[Finding], bool] = lambda finding: True,
) -> FixOutcome:
    """Apply the fixes of the findings that `run` gives, safe ones only unless `allow_unsafe`, and prove them.

    `cwd` is what display paths are relative to; `fixable` says which findings may be fixed. Reads the files that edits
    name and writes nothing.
    """
    frozen: frozenset[str] = frozenset()
    start = run(MappingProxyType({}))
    while True:
        session = _Session(run, cwd, lambda one: (allow_unsafe or _safe(one)) and fixable(one), frozen, start)
        circling = session.passes()
        if not circling:
            return session.outcome()
        frozen |= circling


def write(outcome: FixOutcome) -> tuple[str, ...]:
    """Write what changed, atomically; returns a sentence for every file (or files that belong together) left alone."""
    groups = [{name: outcome.changed[name].after for name in group} for group in outcome.groups]
    return files.write(groups, outcome.originals)


def diff(outcome: FixOutcome) -> str:
    """What changed as one unified diff with `a/` and `b/`, in order of path."""
    return "".join(
        file_diff(
            name,
            None if change.before is None else outcome.originals[name].bom + change.before,
            outcome.originals[name].bom + change.after,
        )
        for name, change in sorted(outcome.changed.items())
    )


def _safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safe


class _Failed(Exception):
    """A set of fixes that cannot be applied together or is not proven; the text says why."""


@dataclass
class _Session:
    """One attempt to fix everything outside the frozen files: the texts so far, and what became of each finding."""

    run: Run
    cwd: Path
    wanted: Callable[[Finding], bool]
    frozen: frozenset[str]
    report: Report
    originals: dict[str, Original] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    history: dict[str, set[str]] = field(default_factory=dict)
    applied: list[Finding] = field(default_factory=list)
    withheld: dict[object, tuple[Finding, str]] = field(default_factory=dict)
    early: dict[object, int] = field(default_factory=dict)
    """How many fixes were applied when one was withheld that would have brought up another finding."""
    groups: list[frozenset[str]] = field(default_factory=list)
    widths: dict[Path, int | None] = field(default_factory=dict)

    def passes(self) -> frozenset[str]:
        """Fix until nothing is left to fix; returns the files whose fixes do not come to an end."""
        for _ in range(PASSES):
            done, texts, report = self._best(self._candidates())
            if not done:
                if not self._reconsider():
                    return frozenset()
                continue
            changed = {name for name, text in texts.items() if text != self._text(name)}
            if circling := {name for name in changed if texts[name] in self.history.get(name, ())}:
                return self._together(circling)
            self._keep(done, texts, report)
        last = {name for one in self._candidates() for name in _paths([one]) if name in self.texts}
        return self._together(last)

    def outcome(self) -> FixOutcome:
        """The result of all passes."""
        changed = {
            name: Change(None if self.originals[name].data is None else self.originals[name].text, text)
            for name, text in sorted(self.texts.items())
            if text != self.originals[name].text or self.originals[name].data is None
        }
        groups = (group & changed.keys() for group in _merged([*self.groups, *(frozenset([name]) for name in changed)]))
        return FixOutcome(
            changed=changed,
            applied=tuple(self.applied),
            withheld=tuple(self.withheld.values()),
            remaining=self.report,
            undecided=tuple(sorted(self.frozen)),
            groups=tuple(group for group in groups if group),
            originals={name: self.originals[name] for name in changed},
        )

    def _candidates(self) -> list[Finding]:
        """The findings to fix in the next pass, the weightiest first; some wait for what others may change."""
        found = []
        for finding in self.report.findings:
            if finding.fix is None or not self.wanted(finding) or self._identity(finding) in self.withheld:
                continue
            if self.frozen.intersection(_paths([finding])):
                self._withhold(finding, UNDONE)
            else:
                found.append(finding)
        first = {finding.rule.name for finding in found}
        found = [finding for finding in found if not first.intersection(finding.rule.after)]
        return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.sort_key))

    def _reconsider(self) -> bool:
        """Give the fixes another try that were withheld before others were applied; false when there are none.

        What one of them would have brought up may be mended by now.
        """
        again = [identity for identity, count in self.early.items() if count < len(self.applied)]
        for identity in again:
            del self.early[identity], self.withheld[identity]
        return bool(again)

    def _best(self, candidates: Sequence[Finding]) -> tuple[list[Finding], Mapping[str, str], Report]:
        """The findings whose fixes can be made now, the texts that result, and their report."""
        best: tuple[list[Finding], Mapping[str, str], Report] = ([], {}, self.report)
        pending = [list(candidates)] if candidates else []
        while pending:
            group = pending.pop()
            try:
                together = [*best[0], *group]
                best = (together, *self._proven(together))
            except _Failed as reason:
                if len(group) > 1:
                    middle = len(group) // 2
                    pending += [group[middle:], group[:middle]]
                elif best[0]:
                    self._judge_alone(group[0])
                else:
                    self._withhold(group[0], str(reason))
        return best

    def _judge_alone(self, finding: Finding) -> None:
        """A fix that fails beside others waits for the next pass if it works alone, and is withheld if it does not."""
        try:
            self._proven([finding])
        except _Failed as reason:
            self._withhold(finding, str(reason))

    def _proven(self, findings: Sequence[Finding]) -> tuple[Mapping[str, str], Report]:
        """The texts and the report after fixing findings together; raises `_Failed`."""
        texts = self._edited(findings)
        overlay = {self.originals[name].path.absolute(): text for name, text in {**self.texts, **texts}.items()}
        report = self.run(overlay)
        if reason := proof.objection(self.report, report, findings):
            raise _Failed(reason)
        return texts, report

    def _edited(self, findings: Sequence[Finding]) -> dict[str, str]:
        """The texts of all files that the fixes of findings edit; raises `_Failed`."""
        changes: dict[str, list[edits.Edit]] = {}
        for finding in findings:
            for edit in finding.fix.edits if finding.fix else ():
                changes.setdefault(edit.path, []).append(edit)
        texts: dict[str, str] = {}
        for name, group in changes.items():
            try:
                texts[name] = edits.apply(self._text(name), group, self._width(name))
                self.originals[name].encoded(texts[name])
            except (EditError, FileError) as error:
                raise _Failed(str(error)) from None
        if all(text == self._text(name) for name, text in texts.items()):
            raise _Failed("it changes nothing")
        return texts

    def _width(self, name: str) -> int | None:
        folder = (self.cwd / name).absolute().parent
        if folder not in self.widths:
            self.widths[folder] = line_lengths.stated(folder)
        return self.widths[folder]

    def _text(self, name: str) -> str:
        if name not in self.originals:
            self.originals[name] = files.read(name, self.cwd)
        return self.texts.get(name, self.originals[name].text)

    def _keep(self, done: Iterable[Finding], texts: Mapping[str, str], report: Report) -> None:
        done = list(done)
        for name, text in texts.items():
            self.history.setdefault(name, {self.originals[name].text}).add(self._text(name))
            self.texts[name] = text
        self.applied += done
        self.groups += [_paths([finding]) for finding in done]
        self.report = report

    def _together(self, names: Iterable[str]) -> frozenset[str]:
        """Files with all those that change together with them."""
        wanted = frozenset(names)
        return wanted.union(*(group for group in _merged(self.groups) if group & wanted))

    def _identity(self, finding: Finding) -> object:
        """A finding across passes, in which its line may move."""
        lines = self.report.sources.get(finding.location.path, "").split("\n")
        line = lines[min(finding.location.span.line, len(lines)) - 1].strip()
        return (*proof.key(finding), finding.fix.title if finding.fix else "", line)

    def _withhold(self, finding: Finding, reason: str) -> None:
        identity = self._identity(finding)
        self.withheld[identity] = (finding, reason)
        if reason.startswith(proof.BRINGS_UP):
            self.early[identity] = len(self.applied)


def _paths(findings: Iterable[Finding]) -> frozenset[str]:
    """The files that the fixes of findings edit."""
    return frozenset(edit.path for finding in findings if finding.fix for edit in finding.fix.edits)


def _merged(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Groups with those that share a file joined."""
    joined: list[frozenset[str]] = []
    for group in groups:
        sharing = [other for other in joined if other & group]
        joined = [other for other in joined if not other & group] + [group.union(*sharing)]
    return joined
