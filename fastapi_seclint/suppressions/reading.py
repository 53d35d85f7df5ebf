"""From comments as facts to what they mean: verbs, rules, reasons, and the lines that they cover."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

from fastapi_seclint.spans import Location, Span
from fastapi_seclint.suppressions import Comment, Scope, Verb

Resolve = Callable[[str], tuple[str, str]]
"""From a word in the brackets to the code of its rule and a complaint; either may be empty."""

VERBS: tuple[Verb, ...] = ("ignore", "ignore-file", "disable", "enable")
EVERYWHERE = 2**31

_WORDS = re.compile(r"(?P<verb>[^\s\[\]]+)[ \t]*(?P<list>\[(?P<inside>[^\]]*)\])?[ \t]*(?P<rest>.*)")
_REASON = re.compile(r"--[ \t]*(?P<reason>.*)")
_UNTIL = re.compile(r"until[ \t]*=[ \t]*(?P<day>.*)")
_LETTER = re.compile(r"[^\W\d_]")
_PLACEHOLDER = re.compile(
    r"(todo|fixme|xxx|tbd|n/?a|none|reason|false[ -]?positives?|fp|ignored?|suppress(ed)?|noqa|not an issue)\b"
    r"[\W\d]*(?P<more>.*)",
    re.I,
)
LEAST_LETTERS = 8


@dataclass(slots=True)
class _Row:
    """A row of `facts.comments` with the comment that was read from it."""

    comment: Comment
    own: bool
    first: int
    last: int
    block_end: int
    line: int
    column: int
    complaints: list[str] = field(default_factory=list)


def says_nothing(reason: str) -> bool:
    """Whether a reason is none: missing, a placeholder, or fewer than eight letters."""
    if len(_LETTER.findall(reason)) < LEAST_LETTERS:
        return True
    placeholder = _PLACEHOLDER.fullmatch(reason.strip())
    return placeholder is not None and len(_LETTER.findall(placeholder["more"])) < LEAST_LETTERS


def read(path: str, rows: Iterable[Sequence[Any]], resolve: Resolve) -> tuple[list[Comment], list[Scope]]:
    """The comments of a file and the scopes in which they hide findings; `rows` are those of `facts.comments`."""
    found = [_row(path, row, resolve) for row in rows]
    scopes: list[tuple[_Row, str, int, int, _Row | None]] = []
    for row in found:
        scopes += [(row, code, *lines) for code, *lines in _covered(row, found)]  # type: ignore[misc]
    for row in found:
        _complain_of_enable(row, [(code, end) for _, code, _, _, end in scopes])
    finished = {id(row): replace(row.comment, faults=(*row.comment.faults, *row.complaints)) for row in found}
    return list(finished.values()), [
        Scope(finished[id(row)], code, first, last, finished[id(end)] if end is not None else None)
        for row, code, first, last, end in scopes
    ]


def _row(path: str, row: Sequence[Any], resolve: Resolve) -> _Row:
    line, column, end, own, first, last, block_end, head, text = row
    location = Location(path, Span(line, column, line, end))
    comment = _comment(location, text, resolve)
    made = _Row(comment, bool(own), first, last, block_end, line, column)
    if comment.verb == "ignore-file" and not head:
        made.complaints.append("`ignore-file` stands before the first statement of a file")
    elif comment.verb in ("disable", "enable") and not own:
        made.complaints.append(f"`{comment.verb}` stands on a line of its own")
    elif comment.verb == "ignore" and not comment.dead and not first:
        made.complaints.append("no statement follows")
    if made.complaints:
        made.comment = replace(comment, dead=True)
    return made


def _comment(location: Location, text: str, resolve: Resolve) -> Comment:
    """What a comment says, with all that is wrong in it."""
    match = _WORDS.fullmatch(text)
    verb = match["verb"].removesuffix("--").rstrip(":") if match else ""
    if match is None or verb not in VERBS:
        near = difflib.get_close_matches(verb.lower(), VERBS, n=1)
        hint = f", did you mean `{near[0]}`?" if near else f", it is one of {', '.join(VERBS)}"
        fault = f"`{verb}` is no way to suppress{hint}" if verb else "it says nothing"
        return Comment(location, "", faults=(fault,), dead=True)
    known = cast("Verb", verb)
    reason = _REASON.fullmatch(match["rest"])
    if match["list"] is None or not match["inside"].strip(" \t,"):
        return Comment(location, known, faults=(f"it names no rule: {verb}[rule-name] -- reason",), dead=True)
    if match["rest"] and reason is None:
        return Comment(location, known, faults=("the reason comes after ` -- `",), dead=True)
    return _with_rules(
        Comment(location, known, reason=reason["reason"].strip() if reason else ""), match["inside"], resolve
    )


def _with_rules(comment: Comment, inside: str, resolve: Resolve) -> Comment:
    """The comment with the rules and the date in its brackets."""
    words: dict[str, str] = {}
    faults: list[str] = []
    until: date | None = None
    dead = False
    for word in filter(None, (part.strip() for part in inside.split(","))):
        if limit := _UNTIL.fullmatch(word):
            try:
                until = date.fromisoformat(limit["day"].strip())
            except ValueError:
                faults.append(f"`{word}` is no date: until=YYYY-MM-DD")
                dead = True
            continue
        code, complaint = resolve(word)
        faults += [complaint] if complaint else []
        words[word] = code
    if not words:
        faults.append(f"it names no rule: {comment.verb}[rule-name] -- reason")
    return replace(
        comment,
        words=tuple(words),
        codes=tuple(words.values()),
        until=until,
        faults=tuple(faults),
        dead=dead or not words,
    )


def _covered(row: _Row, rows: Sequence[_Row]) -> Iterable[tuple[str, int, int, _Row | None]]:
    """The lines that a comment covers, for each rule that it names."""
    comment = row.comment
    if comment.dead or comment.verb == "enable":
        return
    for code in filter(None, comment.codes):
        if comment.verb == "ignore":
            yield code, row.first, row.last, None
        elif comment.verb == "ignore-file":
            yield code, 0, EVERYWHERE, None
        else:
            end = next((other for other in rows if _closes(other, row, code)), None)
            yield code, row.line, end.line if end is not None else row.block_end, end


def _closes(enable: _Row, disable: _Row, code: str) -> bool:
    """Whether an `enable` ends a `disable` for a rule: later, in the same block, at the same indentation."""
    inside = disable.line < enable.line <= disable.block_end and enable.column == disable.column
    return enable.comment.verb == "enable" and not enable.comment.dead and code in enable.comment.codes and inside


def _complain_of_enable(row: _Row, ends: Sequence[tuple[str, _Row | None]]) -> None:
    """Say of an `enable` which of its rules nothing disables before."""
    comment = row.comment
    if comment.verb != "enable" or comment.dead:
        return
    closed = {code for code, end in ends if end is row}
    for word, code in zip(comment.words, comment.codes, strict=True):
        if code and code not in closed:
            row.complaints.append(f"nothing disables {word} before it at this indentation")
