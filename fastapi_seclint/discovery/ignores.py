"""Ignore patterns as git means them, one compiled matcher a file of patterns.

Followed are gitignore(5) and git's dir.c and wildmatch.c: the last pattern of a file that matches decides, a pattern
names an entry itself and never what lies below it (an ignored directory is not entered, so nothing in it can come
back). Expressions for patterns use atomic groups: a hostile pattern costs no more than the square of a path's length.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

_CLASSES = {
    "alnum": r"0-9A-Za-z",
    "alpha": r"A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": r"0-9",
    "graph": r"\x21-\x7e",
    "lower": r"a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": r"A-Z",
    "xdigit": r"0-9A-Fa-f",
}
_NEVER = r"(?!)"
_DIRECTORY = "\0"
"""What a directory's path ends with for the expressions; no path has it in it."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line of a file of patterns; `glob` has no `!` and no `/` at its end."""

    glob: str
    negated: bool
    only_directories: bool


@dataclass(slots=True)
class _Run:
    """Neighbouring patterns that all ignore or all take back."""

    ignores: bool
    names: set[str] = field(default_factory=set)
    directory_names: set[str] = field(default_factory=set)
    name: re.Pattern[str] | None = None
    path: re.Pattern[str] | None = None

    def matches(self, name: str, path: str, directory: bool) -> bool:
        if name in self.names or (directory and name in self.directory_names):
            return True
        end = _DIRECTORY if directory else ""
        if self.name is not None and self.name.fullmatch(name + end):
            return True
        return self.path is not None and self.path.fullmatch(path + end) is not None


class Ignores:
    """The patterns of one file; they speak of what lies below the directory they belong to."""

    def __init__(self, lines: Iterable[str]) -> None:
        patterns = [pattern for line in lines if (pattern := _read(line))]
        self._runs = [_run(not negated, list(run)) for negated, run in groupby(patterns, key=lambda p: p.negated)]
        self._runs.reverse()

    def __bool__(self) -> bool:
        return bool(self._runs)

    def verdict(self, name: str, path: str, directory: bool) -> bool | None:
        """Whether an entry is ignored (True), taken back (False) or not spoken of.

        `path` is relative to the directory that the patterns belong to, with `/`; `name` is its last part.
        """
        if not path.isascii():
            name, path = _bytewise(name), _bytewise(path)
        for run in self._runs:
            if run.matches(name, path, directory):
                return run.ignores
        return None


def of_text(text: str) -> Ignores:
    """The patterns of a file's text."""
    return Ignores(line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))


def _read(line: str) -> _Pattern | None:
    """One line, or None for a blank or a comment."""
    glob = _bytewise(_without_trailing_spaces(line))
    if glob.startswith("#"):
        return None
    negated = glob.startswith("!")
    glob = glob.removeprefix("!")
    only_directories = glob.endswith("/")
    glob = glob.removesuffix("/")
    return _Pattern(glob, negated, only_directories) if glob else None


def _bytewise(text: str) -> str:
    """A text with a character for each of its bytes, which is what git compares: `?` is one byte."""
    return text if text.isascii() else os.fsencode(text).decode("latin-1")


def _without_trailing_spaces(line: str) -> str:
    """The line without the spaces at its end that no backslash protects."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if backslashes % 2 and len(stripped) < len(line) else stripped


def _run(ignores: bool, patterns: list[_Pattern]) -> _Run:
    run = _Run(ignores)
    names, paths = [], []
    for pattern in patterns:
        end = _DIRECTORY if pattern.only_directories else f"{_DIRECTORY}?"
        if "/" in pattern.glob:
            paths.append(_path_expression(pattern.glob.removeprefix("/").split("/")) + end)
        elif not re.search(r"[*?\[\\]", pattern.glob):
            (run.directory_names if pattern.only_directories else run.names).add(pattern.glob)
        else:
            names.append(_segment(pattern.glob) + end)
    run.name = re.compile("|".join(names), re.DOTALL) if names else None
    run.path = re.compile("|".join(paths), re.DOTALL) if paths else None
    return run


def _path_expression(segments: list[str]) -> str:
    """The expression for a pattern with slashes; between two `**` the leftmost place is always good enough."""
    groups: list[list[str]] = [[]]
    for segment in segments:
        if len(segment) > 1 and not segment.strip("*"):
            groups.append([])
        else:
            groups[-1].append(_segment(segment))
    first, *others = groups
    if not others:
        return "/".join(first)
    pieces = ["".join(f"{segment}/" for segment in first)]
    for group in others[:-1]:
        if group:
            pieces.append(f"(?>(?:[^/\0]+/)*?{''.join(f'{segment}/' for segment in group)})")
    last = others[-1]
    pieces.append(f"(?:[^/\0]+/)*{'/'.join(last)}" if last else r"[^/\0]+(?:/[^/\0]+)*")
    return "".join(pieces)


def _segment(glob: str) -> str:
    """The expression for a glob without slashes."""
    pieces: list[list[str]] = [[]]
    position = 0
    while position < len(glob):
        character = glob[position]
        if character == "*":
            pieces.append([])
            position += 1
        elif character == "[":
            expression, position = _bracket(glob, position + 1)
            pieces[-1].append(expression)
        elif character == "\\":
            pieces[-1].append(re.escape(glob[position + 1]) if position + 1 < len(glob) else _NEVER)
            position += 2
        else:
            pieces[-1].append("[^/\0]" if character == "?" else re.escape(character))
            position += 1
    first, *others = ("".join(piece) for piece in pieces)
    if not others:
        return first
    return first + "".join(f"(?>[^/\0]*?{piece})" for piece in others[:-1] if piece) + "[^/\0]*" + others[-1]


def _bracket(glob: str, position: int) -> tuple[str, int]:
    """The expression for a bracket whose content starts at `position`, and where it ends; it may match nothing."""
    negated = glob[position : position + 1] in ("!", "^") and position < len(glob)
    position += negated
    content: list[str] = []
    before = ""
    start = position
    while position < len(glob):
        character = glob[position]
        if character == "]" and position > start:
            return _bracket_expression(content, negated), position + 1
        if glob.startswith("[:", position) and (end := glob.find(":]", position)) > 0:
            known = _CLASSES.get(glob[position + 2 : end])
            if known is None:
                return _NEVER, len(glob)
            content.append(known)
            position, before = end + 2, ""
            continue
        if character == "-" and before and glob[position + 1 : position + 2] not in ("", "]"):
            position += 1
            upper, position = _literal(glob, position)
            if before <= upper:
                content.append(f"{re.escape(before)}-{re.escape(upper)}")
            before = ""
            continue
        before, position = _literal(glob, position)
        content.append(re.escape(before))
    return _NEVER, len(glob)


def _literal(glob: str, position: int) -> tuple[str, int]:
    """A character of a bracket, and where the next one starts."""
    if glob[position] == "\\" and position + 1 < len(glob):
        position += 1
    return glob[position], position + 1


def _bracket_expression(content: list[str], negated: bool) -> str:
    if not content:
        return "[^/\0]" if negated else _NEVER
    return f"(?![/\0])[{'^' if negated else ''}{''.join(content)}]"
