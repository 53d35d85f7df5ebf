"""What fixes change as a unified diff that `git apply` and `patch -p1` accept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


def file_diff(path: str, before: str | None, after: str) -> str:
    """The diff of one file; `before` is None for a new one."""
    tail = "\t" if re.search(r"\s", path) else ""
    old = f"a/{path}{tail}" if before is not None else "/dev/null"
    lines = unified_diff(_LINE.findall(before or ""), _LINE.findall(after), old, f"b/{path}{tail}")
    return "".join(_finished(lines))


def _finished(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
