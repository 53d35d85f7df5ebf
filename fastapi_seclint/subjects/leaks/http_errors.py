"""Exceptions that become answers with their text, and 403s that name the right which the caller lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, arguments, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.leaks.constant_texts import refusal

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_HTTP = re.compile(r"(HTTPException|HttpException|HTTPError|WebSocketException)$")
_RIGHT = re.compile(r"role|permission|scope|privilege", re.I)
_LIMITED = frozenset({"status_code", "headers", "media_type", "background", "code", "name"})


def is_http(program: Program, block: Block, call: Form) -> bool:
    """Whether a call makes an exception that becomes an answer with its text."""
    callee = call[2]
    if callee[0] not in ("name", "attr"):
        return False
    if _HTTP.search(str(callee[-1])):
        return True
    classes = [option for option in options(ask(program, block, callee)) if isinstance(option, Class)]
    if classes:
        return any(name.endswith("HTTPException") for cls in classes for name in cls.external_bases())
    return any(keyword == "detail" for keyword, _, _ in call[4])


def readable(call: Form) -> list[Form]:
    """What an exception or an answer is given that clients may read: neither its status nor its headers."""
    named = [value for keyword, value, _ in call[4] if keyword not in _LIMITED]
    return [*call[3], *named]


def named_rights(program: Program) -> Iterator[tuple[Block, Form]]:
    """The texts of 403s that name the role or permission which the caller lacks, each with its block."""
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if program.is_test(module) or not any("HTTPException" in word for word in module.facts.words):
            continue
        for block in program.sites.speaking(module, b"403"):
            for form in block.forms.of("call"):
                if block.function is not None and _forbids(form) and is_http(program, block, form):
                    for item in readable(form):
                        if _is_put_together(item) and _names_right(block, item):
                            yield block, item


def refused(block: Block, item: Form) -> Fix:
    """The fix: a constant text in place of the one that names the right."""
    edit = ReplaceExpression(block.module.path, span_of(item[1]), f'"{refusal(item)}"')
    return Fix("refuse with a constant text", False, (edit,))


def _forbids(call: Form) -> bool:
    return any(
        (item[0] == "const" and item[2] == 403) or (item[0] == "attr" and item[3] == "HTTP_403_FORBIDDEN")
        for item in arguments(call)
    )


def _is_put_together(form: Form) -> bool:
    match form:
        case ["fstr" | "binop", *_] | ["call", _, ["attr", _, ["const", *_], "format"], *_]:
            return True
    return False


def _names_right(block: Block, form: Form) -> bool:
    """Whether a text has a name in it that speaks of rights, or stands for what does: `missing = required - own`."""
    names = [
        item
        for part in walk(form)
        if part[0] in ("fmt", "binop", "call")
        for item in walk(part[2:])
        if item[0] in ("name", "attr")
    ]
    scope = block.scope
    for item in names:
        assigned = scope.assignments(item[2]) if item[0] == "name" and isinstance(scope, FunctionScope) else []
        values = [one[-1] for one in assigned if one[0] in ("assign", "annassign") and one[-1] is not None]
        if any(one[0] in ("name", "attr") and _RIGHT.search(str(one[-1])) for one in [item, *walk(values)]):
            return True
    return False
