"""A weaker guard replaced by a stronger one of the project, where it is written: `Depends(weak)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, line_of, span_of
from fastapi_seclint.program.callables import parameters, running
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Function, Instance, Place, Value, options
from fastapi_seclint.subjects.code import spelling
from fastapi_seclint.subjects.code.imports import closes_circle
from fastapi_seclint.subjects.code.named_answers import form_at
from fastapi_seclint.subjects.code.reference import local_name

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def swapped(program: Program, written: Place, strong: Function, code: str = "") -> tuple[Edit, ...]:
    """The edits that let the `Depends(...)` at a place name another guard; `code` calls it where it is a factory.

    Nothing where the guard has no name that the file can use at that line.
    """
    argument = argument_of(written)
    made = "." in strong.qualname and not _stands_beside(strong, written)
    known = _made_by(strong) if made else _Named(strong.module, strong.name, strong.at)
    name = known.usable(program, written) if known is not None else ""
    if argument is None or known is None or not name:
        return ()
    path, called = written.module.path, code.format(name) if code else f"{name}{known.call}"
    if spelling.code(argument) == called:
        return ()  # it is that guard already
    return (ReplaceExpression(path, span_of(argument[1]), called), *known.imported(written.module, name))


def _stands_beside(function: Function, written: Place) -> bool:
    """Whether a function is defined inside of another one that a place is in, too, above it."""
    local = ".<locals>." in function.qualname and function.module is written.module
    return local and bound_around(written.module, function.name, line_of(written.at))


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


@dataclass(frozen=True, slots=True)
class _Named:
    """A name at the top of a file, where it is given, and what stands behind it to get a guard: `()` for a factory."""

    module: Module
    name: str
    at: int
    call: str = ""

    def usable(self, program: Program, written: Place) -> str:
        """The name by which the code at a place can know it, imports added; else nothing."""
        return _usable(program, written.module, self.module, self.name, self.at, line_of(written.at))

    def imported(self, module: Module, name: str) -> tuple[Edit, ...]:
        """The import that a file needs to know it by that name."""
        return _imported(module, self.module, self.name, name)


def _made_by(function: Function) -> _Named | None:
    """The object whose call a guard is, or the factory that makes it out of nothing, where a file has a name for it."""
    names, module = function.module.scope.names, function.module
    if function.qualname.endswith(".__call__"):
        objects = [(name, value) for name, value in names.items() if isinstance(value, Instance)]
        found = [(name, value) for name, value in objects if running(value) is function and value.place is not None]
        return _Named(module, found[0][0], found[0][1].place.at) if len(found) == 1 and found[0][1].place else None
    maker = names.get(function.qualname.partition(".<locals>.")[0])
    is_factory = isinstance(maker, Function) and all(default is not None for default in maker.defaults)
    return _Named(module, maker.name, maker.at, "()") if isinstance(maker, Function) and is_factory else None


def bound_around(module: Module, name: str, line: int) -> bool:
    """Whether a function around a line binds a name above it: a guard and its routes, both in `create_app`."""
    for number in module.facts.around(line):
        body = module.facts.body(number)
        if body and line_of(body[0][1]) <= line <= span_of(body[-1][1]).end_line:
            statements = bound_names(body).get(name, [])
            if statements:
                return line_of(statements[0][1]) < line
    return False


def usable_name(program: Program, module: Module, function: Function, line: int) -> str:
    """The name by which code on a line of a file can know a function of the project, imports added; else nothing."""
    if "." in function.qualname:
        return ""
    return _usable(program, module, function.module, function.name, function.at, line)


def _usable(program: Program, module: Module, origin: Module, name: str, at: int, line: int) -> str:
    if origin is module:
        return name if line_of(at) < line else ""
    if closes_circle(program, origin, module):
        return ""
    return local_name(module, name, origin.name)


def imported(module: Module, function: Function, name: str) -> tuple[Edit, ...]:
    """The import that a file needs to know a function of another one by that name."""
    return _imported(module, function.module, function.name, name)


def _imported(module: Module, origin: Module, original: str, name: str) -> tuple[Edit, ...]:
    if origin is module:
        return ()
    return (
        AddImport(
            module.path, origin.name, original, None if name == original else name, local=True, target=origin.path
        ),
    )
