"""What a file can import of another: a fix must not close a circle of imports, or take a name that is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.reference import local_name

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


def closes_circle(program: Program, source: Module, user: Module) -> bool:
    """Whether a file cannot import another one at its top, which imports it or is of a program of its own."""
    return source is user or not program.modules.reaches(user, source.folder) or leads_to(program, source, user)


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


def imported_as(
    program: Program, home: Module, statement: Form, name: str, module: Module
) -> tuple[str, tuple[Edit, ...]] | None:
    """A name that another file's statement binds, as this one can know it: the import, from where that file has it.

    None where the import would close a circle.
    """
    if statement[0] == "from":
        original = next((item[0] for item in statement[4] if (item[1] or item[0]) == name), name)
        if statement[2]:
            return _relatively(program, home, statement, original, module)
        source, local = statement[3], None
    elif closes_circle(program, home, module):
        return None
    else:
        original, source, local = name, home.name, True
    if source == module.name:
        return None
    known = _free_name(module, original, source)
    alias, target = None if known == original else known, home.path if local else ""
    return known, (AddImport(module.path, source, original, alias, local=local, target=target),)


def _relatively(
    program: Program, home: Module, statement: Form, name: str, module: Module
) -> tuple[str, tuple[Edit, ...]] | None:
    """What another file imports from beside itself, `from .. import oauth2`, as this one can know it."""
    found = program.modules.relative(statement[2], statement[3] or "", home)
    read = (program.modules.child(found, name) or found) if found is not None else None
    if found is None or read is None or found.name in ("", module.name) or closes_circle(program, read, module):
        return None
    known = local_name(module, name, found.name)
    alias = None if known == name else known
    return known, (AddImport(module.path, found.name, name, alias, local=True, target=found.path),)


def _free_name(module: Module, name: str, source: str) -> str:
    """A name that the file has free or uses for this very thing."""
    for statement in bound_names(module.facts.module).get(name, []):
        if statement[0] == "from" and not statement[2] and statement[3] == source and [name, None] in statement[4]:
            return name
    for value in options(module.scope.local(name)):
        if isinstance(value, External) and value.name == f"{source}.{name}":
            return name
    return local_name(module, name, source)
