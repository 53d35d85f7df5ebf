"""How a loose pattern for origins is tightened, so that the names that were meant still match."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.subjects.cors.origin_patterns import looseness

_GLUED = re.compile(r"\.[*+]\??(?:\\\.\?)?(?=[A-Za-z0-9])")
_GROUP = re.compile(r"\(\.[*+]\??\)(?=[A-Za-z0-9])")
_END = re.compile(r"(?<=[A-Za-z])\.[*+]\??(\$?)$")
_HOST = re.compile(r"://[^|]*")
_ANYTHING = re.compile(r"\[[^\]]*\]|\\.|\.([*+])\??")
_NULL = re.compile(r"\|null(?=[|)$]|$)|(?<![^|(^])null\|")


def tightened(pattern: str) -> str | None:
    """The pattern with escaped dots, one before a domain, an end, no `null`; None where that does not help."""
    for text in _candidates(pattern):
        found = looseness(text)
        if found is not None and found.only_dots:
            text = "".join("\\." if at in found.dots else letter for at, letter in enumerate(text))
            found = looseness(text)
        if text and found is None and text != pattern:
            return _of_host(text)
    return None


def _of_host(pattern: str) -> str:
    """The pattern with what names of hosts are made of in place of `.*` behind the scheme: no slash, no `#`, no `@`."""

    def named(match: re.Match[str]) -> str:
        return f"[\\w.-]{match[1]}" if match[1] else match[0]

    text = _HOST.sub(lambda match: _ANYTHING.sub(named, match[0]), pattern)
    return text if looseness(text) is None else pattern


def _candidates(pattern: str) -> Iterator[str]:
    yield pattern
    yield _GLUED.sub(r"(.*\\.)?", pattern)
    yield _GROUP.sub(r"(.*\\.)?", pattern)
    yield _END.sub(r"(:\\d+)?\1", pattern)
    yield _NULL.sub("", pattern)
    if "(" not in pattern:
        yield "|".join(part for part in pattern.split("|") if looseness(part) is None)
