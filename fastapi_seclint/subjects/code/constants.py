"""New names at a file's top level, for fixes: a constant, a logger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi_seclint.edits import Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.subjects.code.spelling import code as spelled


@dataclass(frozen=True, slots=True)
class Constant:
    """A name that a file is given, and the edits that give it."""

    name: str
    edits: tuple[Edit, ...]


def new_constant(module: Module, names: Sequence[str], code: str, below: Form | None = None) -> Constant:
    """A name for `code`: one of the names that has it already, else the first of them that the file does not use.

    It is made below a statement, or below the imports.
    """
    for form in module.facts.module:
        match form:
            case ["assign", _, [["name", _, str() as there]], value] if there in names and spelled(value) == code:
                return Constant(there, ())
    name = next((name for name in names if name not in module.facts.words), f"seclint_{names[0]}")
    made = f"{name} = {code}"
    if below is not None:
        return Constant(name, (InsertStatements(module.path, span_of(below[1]), "after", made),))
    body = module.facts.module
    first = next((form for form in body[1 if _is_docstring(body) else 0 :] if form[0] not in ("import", "from")), None)
    if first is not None and first[0] in ("assign", "annassign"):
        return Constant(name, (InsertStatements(module.path, span_of(first[1]), "before", made),))
    return Constant(name, (InsertStatements(module.path, None, "first-in-body", made),))


def _is_docstring(body: Sequence[Form]) -> bool:
    return bool(body) and body[0][0] == "expr" and body[0][2][0] == "const"
