"""Cookies that code writes into the `Set-Cookie` header as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import blocks_of
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.cookies.sessions import names_secret
from fastapi_seclint.subjects.cors.headers import header_values

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HEADER = "set-cookie"
_REMOVED = re.compile(r"max-age=0|expires=thu, 01.jan.1970")


def raw_cookies(program: Program) -> Iterator[tuple[Block, int, list[str], Form]]:
    """Tokens and sessions in the header without all flags: block, place, the flags that are missing, the text."""
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        facts = module.facts
        if program.is_test(module) or not facts.words & {"fastapi", "starlette"}:
            continue
        if any(f'"{_HEADER}"'.encode() in facts.lowered(number) for number in range(-1, len(facts.functions))):
            for block in blocks_of(program, module):
                for value, at in header_values(block.statements, _HEADER):
                    written = _followed(block, value)
                    missing = _missing(_text(written))
                    if missing:
                        yield block, at, missing, written


def _followed(block: Block, form: Form) -> Form:
    """What a local name was assigned, if that was once only."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return form
    found = block.scope.assignments(form[2])
    return found[0][3] if len(found) == 1 and found[0][0] == "assign" else form


def flagged(block: Block, value: Form, missing: list[str]) -> Fix | None:
    """The text of the header with the flags that it lacks; None for one that cannot be written again as it stands."""
    attributes = {part.strip().lower().partition("=")[0] for part in _text(value).split(";")[1:]}
    more = [_SPELLED[flag] for flag in missing]
    more += [] if "samesite" in attributes else ["SameSite=Lax"]
    span = span_of(value[1])
    written = _written(value) if value[0] in ("const", "fstr") else None
    if written is None or span.line != span.end_line or span.end_column - span.column != len(written):
        return None
    quote = written[-1]
    longer = written[:-1].rstrip("; ") + "".join(f"; {item}" for item in more) + quote
    edit = ReplaceExpression(block.module.path, span, longer)
    return Fix(f"add {', '.join(more)} to the cookie", False, (edit,))


_SPELLED = {"httponly": "HttpOnly", "secure": "Secure"}


def _written(value: Form) -> str | None:
    """A text, or one with names filled in, as code."""
    if value[0] == "const":
        return code(value)
    parts = []
    for part in value[2]:
        inner = str(part[2]) if part[0] == "const" else code(part[2]) if part[0] == "fmt" and not part[3] else None
        if inner is None or set('"\\{}') & set(inner):
            return None
        parts.append(inner if part[0] == "const" else f"{{{inner}}}")
    return f'f"{"".join(parts)}"'


def _text(value: Form) -> str:
    match value:
        case ["const" | "bytes", _, str() as text]:
            return text
        case ["fstr", _, parts]:
            return "".join(str(part[2]) if part[0] == "const" else "x" for part in parts)
        case ["call", _, ["attr", _, inner, "encode"], *_]:
            return _text(inner)
        case ["binop", _, "+", left, right]:
            return f"{_text(left) or 'x'}{_text(right) or 'x'}"
        case ["binop", _, "%", left, _]:
            return re.sub(r"%[sr]", "x", _text(left))
        case ["call", _, ["attr", _, ["const", _, str() as text], "format"], *_]:
            return re.sub(r"\{\w*\}", "x", text)
    return ""


def _missing(text: str) -> list[str]:
    name, separator, rest = text.partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    if not separator or not names_secret(name.strip()) or _REMOVED.search(rest.lower()):
        return []
    return [flag for flag in ("httponly", "secure") if flag not in attributes]
