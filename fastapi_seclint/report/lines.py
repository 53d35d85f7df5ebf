"""Lines as Python counts them: only \\n, \\r\\n and \\r end one, whatever `str.splitlines` takes for an end."""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
