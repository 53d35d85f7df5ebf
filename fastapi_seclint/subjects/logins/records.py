"""Records that say how a login went, `Denied("no such account")`, and what is read of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.facts.matches import FIELD
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.logins.said import said

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.logins.ends import Outcome


def parts(program: Program, ends: Iterable[Outcome], name: str) -> Iterator[Outcome]:
    """How a function ends as a field of the record says that it gives back: `reason` of `Denied("no such user")`.

    Records that have no such field are not those that it is read of.
    """
    for end in ends:
        found = _part(program, end, name)
        if found is not None:
            yield found


def _part(program: Program, end: Outcome, name: str) -> Outcome | None:
    match end.form:
        case ["return", _, ["call", _, ["name" | "attr", *_] as callee, positional, keywords]] if name:
            pass
        case _:
            return end
    for cls in (option for option in options(ask(program, end.block, callee)) if isinstance(option, Class)):
        fields = [field for field, _, _ in cls.fields] if "__init__" not in cls.namespace else []
        if name.startswith(FIELD):
            name = dict(enumerate(fields)).get(int(name.removeprefix(FIELD).rstrip(">")), name)
        if name in fields:
            given = [value for keyword, value, _ in keywords if keyword == name] + positional[fields.index(name) :][:1]
            return replace(end, said=said(program, end.block, given[0])[0] if given else (cls.dotted, name))
        if fields and not any(name in base.namespace for base in cls.lineage() if isinstance(base, Class)):
            return None
    return end


def fields_read(form: Form) -> dict[str, str]:
    """The names that an expression reads, each with the field that is read of it, empty for the whole."""
    found = {item[2]: "" for item in walk(form) if item[0] == "name"}
    return found | {item[2][2]: item[3] for item in walk(form) if item[0] == "attr" and item[2][0] == "name"}
