"""Cookies that code writes into the `Set-Cookie` header as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, settled
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask, blocks_of, bodies
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
                    where, written = _followed(program, block, value)
                    missing = _missing(_text(program, where, written))
                    if missing:
                        inside = where is block
                        yield where, at if inside else written[1], missing, written


def _followed(program: Program, block: Block, form: Form) -> tuple[Block, Form]:
    """What a local name was assigned, if that was once only, and what a function of the project returns for it."""
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        found = block.scope.assignments(form[2])
        if len(found) == 1 and found[0][0] == "assign":
            form = found[0][3]
    if form[0] == "call" and not _text(program, block, form):
        for body in bodies(program, block, form):
            returned = [item[2] for item in body.forms.of("return") if item[2] is not None]
            if len(returned) == 1 and returned[0][0] != "call":
                return body, returned[0]
    return block, form


def flagged(program: Program, block: Block, value: Form, missing: list[str]) -> Fix | None:
    """The text of the header with the flags that it lacks; None for one that cannot be written again as it stands."""
    attributes = {part.strip().lower().partition("=")[0] for part in _text(program, block, value).split(";")[1:]}
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


def _text(program: Program, block: Block, value: Form) -> str:
    """The header as far as it is written in code, `x` for everything else; empty for what is no text."""

    def text(form: Form) -> str:
        return _text(program, block, form)

    match value:
        case ["const" | "bytes", _, str() as written]:
            return written
        case ["fstr", _, parts]:
            return "".join(str(part[2]) if part[0] == "const" else _filled(program, block, part[2]) for part in parts)
        case ["call", _, ["attr", _, inner, "encode"], *_]:
            return text(inner)
        case ["call", _, ["attr", _, ["const", _, str() as between], "join"], [["list" | "tuple", _, parts]], _]:
            return between.join(text(part) or "x" for part in parts)
        case ["binop", _, "+", left, right]:
            return f"{text(left) or 'x'}{text(right) or 'x'}"
        case ["binop", _, "%", left, _]:
            return re.sub(r"%[sr]", "x", text(left))
        case ["call", _, ["attr", _, ["const", _, str() as written], "format"], *_]:
            return re.sub(r"\{\w*\}", "x", written)
    return ""


def _filled(program: Program, block: Block, form: Form) -> str:
    """A constant that is filled in, the cookie's name say."""
    known = {str(item.value) for item in settled(ask(program, block, form)) if isinstance(item, Const)}
    return known.pop() if len(known) == 1 else "x"


def _missing(text: str) -> list[str]:
    name, separator, rest = text.partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    if not separator or not names_secret(name.strip()) or _REMOVED.search(rest.lower()):
        return []
    return [flag for flag in ("httponly", "secure") if flag not in attributes]
