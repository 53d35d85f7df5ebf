"""Bodies that a handler reads itself and makes an object of: `msgspec.json.decode(await request.body(), type=New)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, mentions, walk
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.records import is_schema, is_table

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_READS = frozenset({"body", "json", "form"})


def read_bodies(program: Program, function: Function) -> Iterator[tuple[str, Class]]:
    """The local names that hold what the request's body was made into, each with its class."""
    if "request" not in function.module.facts.words:
        return
    block = body_of(program, function)
    raw: set[str] = set()
    for form in function.forms.of("assign", "annassign", "walrus") if block is not None else ():
        targets = form[2] if form[0] == "assign" else [form[2]]
        names = {target[2] for target in targets if target[0] == "name"}
        value = awaited(form[-1]) if form[-1] is not None else None
        if value is None or block is None or not names:
            continue
        if _reads(value):
            raw |= names
        elif value[0] == "call" and (mentions([value[3], value[4]], raw) or any(map(_reads, walk(value)))):
            for item in walk(value):
                for option in options(ask(program, block, item)) if item[0] in ("name", "attr") else ():
                    if isinstance(option, Class) and (is_schema(option) or not is_table(option)):
                        yield from ((name, option) for name in names)


def _reads(form: Form) -> bool:
    """`request.body()`, `request.json()`"""
    match form:
        case ["call", _, ["attr", _, ["name", _, "request" | "req"], method], [], []]:
            return method in _READS
    return False
