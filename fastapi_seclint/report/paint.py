"""Colours of the terminal, or none."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi_seclint.report.words import Level

_LEVELS: dict[Level, str] = {"error": "1;31", "warning": "1;33", "note": "1;36"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps pieces of text, already harmless, in colours if there are to be any."""

    on: bool

    def bold(self, text: str) -> str:
        return self._in("1", text)

    def frame(self, text: str) -> str:
        return self._in("1;34", text)

    def level(self, text: str, level: Level) -> str:
        return self._in(_LEVELS[level], text)

    def primary(self, text: str) -> str:
        return self._in("1;31", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text
