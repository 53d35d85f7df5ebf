"""The caller as one more parameter of a handler, as a sibling of it in the same file takes him."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddParameter
from fastapi_seclint.facts.forms import Form, line_of, span_of, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.identity import guards

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def introduced(program: Program, handler: Function, sibling: Route) -> tuple[str, AddParameter] | None:
    """The name of a sibling's parameter for the caller, and the edit that gives it to a handler too."""
    name = next((guard.parameter for guard in guards(program, sibling) if guard.parameter), "")
    written = parameter_of(handler, sibling.function, name) if sibling.function is not None else None
    return (name, AddParameter(handler.module.path, span_of(handler.at), written)) if written is not None else None


def parameter_of(handler: Function, other: Function, name: str) -> str | None:
    """A parameter of another handler of the file as code, which this one may get too; None where it may not."""
    if other.module is not handler.module or name in {item[0] for item in handler.parameters}:
        return None
    parameter = next((item for item in other.parameters if name and item[0] == name), None)
    if parameter is None or parameter[2] is None or not _is_above(handler, [parameter[2], parameter[3]]):
        return None
    written = [code(form) if form is not None else "" for form in (parameter[2], parameter[3])]
    if (
        None in written
        or "[(" in str(written[0])
        or any(form[0] == "name" and form[2] == name for form in handler.forms.every)
    ):
        return None
    return f"{name}: {written[0]}" + (f" = {written[1]}" if written[1] else "")


def _is_above(handler: Function, forms: list[Form | None]) -> bool:
    """Whether no name in expressions gets its meaning in the lines below a handler."""
    names = {inner[2] for form in forms if form is not None for inner in walk(form) if inner[0] == "name"}
    for form in handler.module.facts.module:
        if line_of(form[1]) < line_of(handler.at):
            continue
        given = [target[2] for target in form[2] if target[0] == "name"] if form[0] == "assign" else []
        given += [form[3]] if form[0] == "def" else [form[2]] if form[0] == "class" else []
        if names.intersection(given):
            return False
    return True
