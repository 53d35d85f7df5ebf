"""Patterns for origins that are put together from texts and names: `r"https://(.*\\.)?" + DOMAIN`, made tight."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, options, settled
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.cors.origin_patterns import Looseness, looseness
from fastapi_seclint.subjects.cors.tightening import tightened

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_Part = tuple[str, str]
"""A piece of a pattern: its text, and the code of the name that it comes from, empty for text as it stands."""


def assembled(program: Program, block: Block, form: Form, text: str, found: Looseness) -> Fix | None:
    """The fix of a pattern that an expression makes, `text` as a whole: the names in it escaped, the rest tightened.

    Where the expression cannot be written again in parts, the tight pattern stands there as one text, unless what is
    configured is a part of it.
    """
    parts = _parts(program, block, form)
    code = _in_parts(parts, text) if parts is not None else None
    known = list(options(ask(program, block, form)))
    constant = len(known) == 1 and isinstance(known[0], Const)
    path, edits = block.module.path, list[Edit]()
    if code is not None:
        edits.append(AddImport(path, "re"))
    elif constant:
        whole = tightened(text)
        code = literal(whole) if whole is not None else None
    if code is None:
        return None
    edits.append(ReplaceExpression(path, span_of(form[1]), code))
    return Fix("escape the dots of the pattern", found.only_dots and constant, tuple(edits))


def literal(text: str) -> str | None:
    """A pattern as a raw string; None where it cannot be one."""
    if not text.isprintable() or ('"' in text and "'" in text):
        return None
    quote = "'" if '"' in text else '"'
    return f"r{quote}{text}{quote}"


def _parts(program: Program, block: Block, form: Form) -> list[_Part] | None:
    match form:
        case ["const", _, str() as text]:
            return [(text, "")]
        case ["binop", _, "+", left, right]:
            before, after = _parts(program, block, left), _parts(program, block, right)
            return [*before, *after] if before is not None and after is not None else None
        case ["fstr", _, items]:
            found = [_parts(program, block, item) for item in items]
            return [part for one in found for part in one or ()] if None not in found else None
        case ["fmt", _, inner, *_]:
            return _parts(program, block, inner)
        case ["name" | "attr" | "call", *_]:
            known = list(settled(ask(program, block, form)))
            code = rendered(form)
            if len(known) == 1 and isinstance(known[0], Const) and isinstance(known[0].value, str) and code:
                return [(known[0].value, code)]
    return None


def _in_parts(parts: list[_Part], whole: str) -> str | None:
    """The parts as code, names escaped; None where that is loose still and cannot be tightened around them."""
    if not any(code for _, code in parts) or any(code and not _is_name(text) for text, code in parts):
        return None
    text = "".join(re.escape(part) if code else part for part, code in parts)
    written: list[str] = []
    rest = tightened(whole) or (text if looseness(text) is None else "")
    for part, code in parts:
        if not code:
            continue
        before, found, rest = rest.partition(re.escape(part))
        as_text = literal(before) if before else ""
        if not found or as_text is None:
            return None
        written += [*([as_text] if as_text else []), f"re.escape({code})"]
    last = literal(rest) if rest else ""
    if last is None:
        return None
    return " + ".join([*written, *([last] if last else [])])


def _is_name(text: str) -> bool:
    """Whether a text is the name of a host, with its scheme perhaps, and no pattern itself."""
    return re.fullmatch(r"(\w+://)?[\w.:-]+", text) is not None
