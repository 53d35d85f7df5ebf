"""Names of findings that survive formatting, moves and unrelated edits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from fastapi_seclint.report.lines import lines_of
from fastapi_seclint.rule import Finding

_TOKEN = re.compile(
    r"""(?P<layout>(?:\s|\\\n)+|\#[^\n]*)
    |(?P<string>(?:[rbuft]|r[bft]|[bft]r)?(?:
        \"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d[\d_]*)?j?)
    |\w+|\*\*=?|//=?|<<=?|>>=?|->|:=|\.\.\.|[-+*/%@&|^=!<>]=|.""",
    re.I | re.S | re.X,
)
"""One token of Python. The module `tokenize` takes f-strings and lonely brackets otherwise from release to release."""


def fingerprints(findings: Iterable[Finding], sources: Mapping[str, str]) -> list[str]:
    """One name a finding, in order, unique in a file.

    blake2b-64 over code, symbol and the tokens of the lines, or over code, method, path and handler of a route;
    equal ones of a file are told apart by their ordinal.
    """
    lines: dict[str, list[str]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    names = []
    for finding in findings:
        path = finding.location.path
        if path not in lines:
            lines[path] = lines_of(sources.get(path, ""))
        name = _hash(_identity(finding, lines[path]))
        seen[path, name] += 1
        ordinal = seen[path, name]
        names.append(name if ordinal == 1 else _hash([name, str(ordinal)]))
    return names


def normalised(text: str) -> str:
    """The tokens of a piece of source without comments, blanks, magic commas, quote style and spelling of numbers.

    A piece that is nothing but comments is taken as it is.
    """
    tokens = [_spelling(match) for match in _TOKEN.finditer(text.strip()) if match.lastgroup != "layout"]
    if not tokens:
        return " ".join(text.split())
    kept = [
        token
        for token, after in zip(tokens, [*tokens[1:], ""], strict=True)
        if not (token == "," and after in (")", "]", "}", ""))
    ]
    return " ".join(kept)


def _identity(finding: Finding, lines: list[str]) -> list[str]:
    if finding.route:
        return [finding.rule.code, *finding.route, finding.symbol]
    span = finding.location.span
    text = "\n".join(lines[span.line - 1 : span.end_line])
    return [finding.rule.code, finding.symbol, normalised(text)]


def _hash(parts: list[str]) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _spelling(token: re.Match[str]) -> str:
    text = token[0]
    if token.lastgroup == "number":
        return text.lower().replace("_", "")
    if token.lastgroup == "string" and (plain := re.fullmatch(r"([A-Za-z]*)'([^'\"\\]*)'", text)):
        return f'{plain[1]}"{plain[2]}"'
    return text
