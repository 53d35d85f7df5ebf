"""How deeply a text nests, told from its tokens alone: what a recursive parser must not be given."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_OPEN = 200
"""Brackets and f-strings open at one place; the interpreter has the same limit for brackets."""
MAX_RUN = 1_000
"""Tokens since the last comma or statement end, summed over the open brackets."""
MAX_ELIF = 2_000
"""`elif` in one file: each may be one level deeper than the one before."""

_QUOTE = r"\"\"\"|'''|\"|'"
_CODE = re.compile(
    rf"""
    (?P<skip>[ \t\f]+|\\\n|\#[^\n]*)
  | (?P<fstring>(?i:f|t|fr|rf|tr|rt)(?={_QUOTE}))
  | (?P<string>(?i:r|b|u|br|rb)?(?:
        \"\"\"(?:[^\\"]|\\.|"(?!""))*+(?:\"\"\"|\Z) | '''(?:[^\\']|\\.|'(?!''))*+(?:'''|\Z)
      | "(?:[^\\"\n]|\\.)*+"? | '(?:[^\\'\n]|\\.)*+'?))
  | (?P<open>[(\[{{])
  | (?P<close>[)\]}}])
  | (?P<end>[\n;])
  | (?P<comma>,)
  | (?P<colon>:(?!=))
  | (?P<word>\w+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_LITERAL = re.compile(r"[^{}\\\"'\n]+|\{\{|\}\}|\\[^{}]|.", re.DOTALL)
_OPENING_QUOTE = re.compile(_QUOTE)


@dataclass(slots=True)
class _Level:
    """Something open: brackets, a replacement field of an f-string, or its literal part or format (with the quote)."""

    kind: str
    quote: str = ""
    tokens: int = 0


def too_deep_at(text: str) -> int:
    """The line, from 1, where the text gets too deep for a recursive parser, or 0 if it nowhere does."""
    scan = _Scan(text)
    while scan.position < len(text):
        start = scan.position
        if scan.levels[-1].quote:
            scan.literal()
        else:
            scan.code()
        if scan.run > MAX_RUN or len(scan.levels) > MAX_OPEN or scan.elifs > MAX_ELIF:
            return text.count("\n", 0, start) + 1
    return 0


class _Scan:
    """One pass over a text; `run` is the sum of the tokens of all levels."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.levels = [_Level("text")]
        self.run = 0
        self.elifs = 0

    def code(self) -> None:
        found = _CODE.match(self.text, self.position)
        assert found, "every character is a token"
        self.position = found.end()
        kind, level = found.lastgroup, self.levels[-1]
        if kind == "skip":
            return
        if kind == "comma" or (kind == "end" and level.kind == "text"):
            self.run -= level.tokens
            level.tokens = 0
        elif kind == "close":
            self._close("field" if level.kind == "field" else "bracket")
        elif kind == "colon" and level.kind == "field":
            self.levels.append(_Level("format", self._quote()))
        else:
            self._token(kind, found[0])

    def _token(self, kind: str | None, token: str) -> None:
        self.levels[-1].tokens += 1
        self.run += 1
        self.elifs += token == "elif"
        if kind == "open":
            self.levels.append(_Level("bracket"))
        elif kind == "fstring":
            quote = _OPENING_QUOTE.match(self.text, self.position)
            assert quote, "the pattern looked ahead for it"
            self.position = quote.end()
            self.levels.append(_Level("string", quote[0]))

    def literal(self) -> None:
        level = self.levels[-1]
        if self.text.startswith(level.quote, self.position):
            self.position += len(level.quote)
            self._close("string")
            return
        found = _LITERAL.match(self.text, self.position)
        assert found, "every character is matched"
        self.position = found.end()
        if found[0] == "{" or (found[0] == "{{" and level.kind == "format"):
            self.position = found.start() + 1
            self.levels.append(_Level("field"))
        elif found[0][0] == "}" and level.kind == "format":
            self.position = found.start() + 1
            self._close("field")
        elif found[0] == "\n" and len(level.quote) == 1:
            self._close("string")

    def _close(self, kind: str) -> None:
        """Leave the innermost level of a kind and all levels in it; nothing if there is none."""
        if not any(level.kind == kind for level in self.levels):
            return
        while True:
            level = self.levels.pop()
            self.run -= level.tokens
            if level.kind == kind:
                return

    def _quote(self) -> str:
        return next(level.quote for level in reversed(self.levels) if level.kind == "string")
