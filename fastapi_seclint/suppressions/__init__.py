"""Suppression comments: what they say, which findings they hide, and what a run has to say about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from fastapi_seclint.rule import Finding, SuppressedBy
from fastapi_seclint.spans import Location

__all__ = ["Comment", "Hiding", "RunFacts", "Scope", "Stale", "Verb"]

Verb = Literal["ignore", "ignore-file", "disable", "enable", ""]


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment as it was written; `verb` is empty when that cannot be read.

    `words` are the rules as they are spelled, `codes` their codes (empty for a word of no rule). `faults` say what is
    wrong with it. `dead` comments hide nothing: their syntax is broken.
    """

    location: Location
    verb: Verb
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    reason: str = ""
    until: date | None = None
    faults: tuple[str, ...] = ()
    dead: bool = False

    def without(self, codes: Iterable[str]) -> str:
        """The text of the comment without some codes; empty when no rule is left."""
        gone = set(codes)
        words = [word for word, code in zip(self.words, self.codes, strict=True) if code not in gone]
        if not words:
            return ""
        listed = ", ".join([*words, *([f"until={self.until}"] if self.until else [])])
        return f"# seclint: {self.verb}[{listed}]" + (f" -- {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Scope:
    """The lines, both included, on which a comment hides the findings of one rule; `closed_by` is its `enable`."""

    comment: Comment
    code: str
    first: int
    last: int
    closed_by: Comment | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in it."""
        place = finding.location
        return (
            finding.rule.code == self.code
            and place.path == self.comment.location.path
            and self.first <= place.span.line <= self.last
        )

    def expired(self, today: date | None) -> bool:
        """Whether the day up to which it holds is over; without a clock no day ever is."""
        return today is not None and self.comment.until is not None and self.comment.until < today


@dataclass(frozen=True, slots=True)
class Stale:
    """An entry of the configuration that matches nothing, and what to say of it."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What rules about the run itself judge: its comments, with the scopes that hid nothing, and its configuration.

    `today` is None where no clock is asked, `reasons` says whether a comment needs a reason, `strict` is the option of
    that name.
    """

    comments: tuple[Comment, ...] = ()
    unused: tuple[Scope, ...] = ()
    stale: tuple[Stale, ...] = ()
    today: date | None = None
    reasons: bool = True
    strict: bool = False


class Hiding:
    """Hides findings behind the comments that cover them, and remembers which comments did."""

    def __init__(self, scopes: Iterable[Scope], *, today: date | None, need_reason: bool) -> None:
        self.scopes = tuple(scopes)
        self._today = today
        self._need_reason = need_reason
        self._used: set[int] = set()
        self._by_file: dict[tuple[str, str], list[Scope]] = {}
        for scope in self.scopes:
            self._by_file.setdefault((scope.comment.location.path, scope.code), []).append(scope)

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings that stay, and those that a comment hides, each with that comment."""
        kept: list[Finding] = []
        hidden: list[Finding] = []
        for finding in findings:
            scopes = self._by_file.get((finding.location.path, finding.rule.code), ())
            covering = [scope for scope in scopes if scope.covers(finding)]
            self._used.update(id(scope) for scope in covering)
            acting = [scope for scope in covering if self._acts(scope)]
            if acting:
                nearest = min(acting, key=lambda scope: scope.last - scope.first)
                comment = nearest.comment
                by = SuppressedBy(comment.location, comment.verb, comment.reason)
                hidden.append(replace(finding, suppressed_by=by))
            else:
                kept.append(finding)
        return kept, hidden

    def unused(self, judged: Iterable[str]) -> tuple[Scope, ...]:
        """The scopes that covered no finding of their rule, for rules that ran; expired ones are another matter."""
        codes = frozenset(judged)
        return tuple(
            scope
            for scope in self.scopes
            if id(scope) not in self._used and scope.code in codes and not scope.expired(self._today)
        )

    def _acts(self, scope: Scope) -> bool:
        return not scope.expired(self._today) and bool(not self._need_reason or scope.comment.reason)
