"""Which files of a project import which: a fix must not close a circle of imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.modules import Module

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def leads_to(program: Program, start: Module, goal: Module) -> bool:
    """Whether importing one file imports another, directly or through files that it imports."""
    seen, pending = {start.file}, [start]
    while pending:
        for found in imported_by(program, pending.pop()):
            if found is goal:
                return True
            if found.file not in seen:
                seen.add(found.file)
                pending.append(found)
    return False


def imported_by(program: Program, module: Module) -> Iterator[Module]:
    """The files of the project that a file imports when it is imported itself."""
    for form in walk(module.facts.module):
        for found in _named(program, module, form):
            if found is not None and found is not module:
                yield found


def _named(program: Program, module: Module, form: Form) -> Iterator[Module | None]:
    modules = program.modules
    if form[0] == "import":
        yield from (modules.absolute(name, module) for name, *_ in form[2])
    elif form[0] == "from":
        level, name = form[2], form[3] or ""
        found = modules.relative(level, name, module) if level else modules.absolute(name, module)
        yield found
        if found is not None and found.package:
            yield from (modules.child(found, item[0]) for item in form[4])
