"""What every renderer says the same way: the level of a severity, harmless text, places as JSON."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal

from fastapi_seclint.rule import Severity
from fastapi_seclint.spans import Span

Level = Literal["error", "warning", "note"]

_LEVELS: dict[Severity, Level] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def level(severity: Severity) -> Level:
    """`error` for critical and high, `warning` for medium, `note` for low."""
    return _LEVELS[severity]


def harmless(text: str) -> str:
    """The text with everything escaped that a terminal could obey or that changes the direction of the line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escaped, text))


def count(number: int, word: str) -> str:
    """How many there are, in words: `1 route`, `2 routes`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def json_range(span: Span) -> dict[str, Any]:
    """A span as the JSON contract has it."""
    return {
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }


def _escaped(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character
