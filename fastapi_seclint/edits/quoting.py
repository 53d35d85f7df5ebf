"""The quotes of a file: new code takes on those that the file's own strings have."""

from __future__ import annotations

import io
import re
import tokenize

_SINGLE = re.compile(r"(?<![\w'\"\\])'[^'\"\\\r\n]*'(?!')")
_DOUBLE = re.compile(r"(?<![\w'\"\\])\"[^'\"\\\r\n]*\"(?!\")")
_PLAIN = re.compile(r'([rbuRBU]{0,2})"([^"\'\\\r\n]*)"')
_FORMATTED = re.compile(r"\b[rR]?[fFtT][rR]?['\"]")
_ENOUGH = 5


def prefers_single(code: str) -> bool:
    """Whether a file writes its strings in single quotes: some do, and next to none in double ones."""
    single = len(_SINGLE.findall(code))
    return single >= _ENOUGH and single > 4 * len(_DOUBLE.findall(code))


def in_quotes_of(old: str, code: str) -> str:
    """Code in the quotes of what it takes the place of, where that has single ones only."""
    return single_quoted(code) if "'" in old and '"' not in old else code


def single_quoted(code: str) -> str:
    """Code with its plain strings in single quotes; left as it is where it has an f-string, which may hold others."""
    if _FORMATTED.search(code):
        return code
    lines = code.splitlines(keepends=True)
    found: list[tuple[int, int, str]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            plain = _PLAIN.fullmatch(token.string) if token.type == tokenize.STRING else None
            if plain:
                found.append((token.start[0] - 1, token.start[1], f"{plain[1]}'{plain[2]}'"))
    except (tokenize.TokenError, SyntaxError):  # part of a statement: whoever inserts it says what is wrong
        return code
    for row, column, text in reversed(found):
        lines[row] = lines[row][:column] + text + lines[row][column + len(text) :]
    return "".join(lines)
