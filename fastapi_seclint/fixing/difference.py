"""What fixes change as a unified diff that `git apply` and `patch -p1` accept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


def file_diff(path: str, before: str | None, after: str) -> str:
    """The diff of one file; `before` is None for a new one."""
    tail = "\t" if re.search(r"\s", path) else ""
    old = f"a/{path}{tail}" if before is not None else "/dev/null"
    hunks = "".join(_hunks(_LINE.findall(before or ""), _LINE.findall(after)))
    return f"--- {old}\n+++ b/{path}{tail}\n{hunks}" if hunks else ""


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The changed stretches with three lines around each.

    `difflib.unified_diff` takes lines that come often in a long file for junk, and then tells that they moved.
    """
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(3):
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_stretch(start, end)} +{_stretch(new_start, new_end)} @@\n"
        for tag, first, last, new_first, new_last in group:
            if tag == "equal":
                yield from _finished(f" {line}" for line in before[first:last])
                continue
            yield from _finished(f"-{line}" for line in before[first:last])
            yield from _finished(f"+{line}" for line in after[new_first:new_last])


def _stretch(start: int, end: int) -> str:
    """Where lines are, as a unified diff says it: an empty stretch is named by the line before it."""
    length = end - start
    first = start + 1 if length else start
    return f"{first}" if length == 1 else f"{first},{length}"


def _finished(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
