"""A weaker guard replaced by a stronger one of the project, where it is written: `Depends(weak)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, line_of, span_of
from fastapi_seclint.program.dependencies import parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Function, Place, Value, options
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.owners.identity import form_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def swapped(written: Place, strong: Function, code: str = "") -> tuple[Edit, ...]:
    """The edits that let the `Depends(...)` at a place name another guard; `code` calls it where it is a factory.

    Nothing where the guard has no name that the file can use at that line.
    """
    argument = argument_of(written)
    name = usable_name(written.module, strong, line_of(written.at))
    if argument is None or not name:
        return ()
    edits: list[Edit] = [
        ReplaceExpression(written.module.path, span_of(argument[1]), code.format(name) if code else name)
    ]
    return (*edits, *imported(written.module, strong, name))


def places(program: Program, function: Function) -> Iterator[tuple[Place, Value]]:
    """Where the dependencies of a function are written, and what each one is."""
    for parameter in parameters(function):
        found = program.walker.resolver.dependency_of(parameter)
        if found is not None and found[0].place is not None:
            for option in options(found[1]):
                yield found[0].place, option


def argument_of(written: Place) -> Form | None:
    """What the `Depends(...)` at a place names."""
    form = form_at(written)
    if form is None or form[0] != "call":
        return None
    if form[3]:
        found: Form = form[3][0]
        return found
    return next((value for keyword, value, _ in form[4] if keyword == "dependency"), None)


def usable_name(module: Module, function: Function, line: int) -> str:
    """The name by which code on a line of a file can know a function of the project, imports added; else nothing."""
    if "." in function.qualname:
        return ""
    if function.module is module:
        return function.name if line_of(function.at) < line else ""
    if any(name == module.name or name.startswith(f"{module.name}.") for name in function.module.facts.imports):
        return ""
    return local_name(module, function.name, function.module.name)


def imported(module: Module, function: Function, name: str) -> tuple[Edit, ...]:
    """The import that a file needs to know a function of another one by that name."""
    if function.module is module:
        return ()
    alias = None if name == function.name else name
    return (AddImport(module.path, function.module.name, function.name, alias, local=True),)
