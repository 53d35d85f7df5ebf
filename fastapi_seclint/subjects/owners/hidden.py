"""Things that say of themselves whether others may see them, and routes that read them without asking."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import running
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.belongings import columns, singular
from fastapi_seclint.subjects.owners.same_right import is_for_administrators, looks_up
from fastapi_seclint.subjects.owners.ties import Tie, compares_owner, is_of_members
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes_inside

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HIDES = re.compile(r"^((is_)?(public|private)|visibility)$")
_DEPTH = 2


def reads_hidden(program: Program, route: Route, resource: str) -> bool:
    """Whether a route reads such things without a look at the column that says who may see one.

    Nothing but a column of a class of the project tells that some are not for everybody: `is_public = mapped_column()`.
    """
    if access.changes_state(route) or route.function is None:
        return False
    kinds = {resource, singular(snake(route.function.name).partition("_")[2])}
    names = {name for kind in kinds for name in columns(program, kind) if _HIDES.match(snake(name))}
    if not names:
        return False
    ways = [route.function, *(function for node in route.nodes() if (function := running(node.call)) is not None)]
    return not any(_speaks_of(inner, names) for way in ways for inner in reached(program, way, _DEPTH))


def _speaks_of(function: Function, names: set[str]) -> bool:
    forms = function.forms
    if any(form[3] in names for form in forms.of("attr")):
        return True
    keywords = (name for form in forms.of("call") for name, _, _ in form[4])
    return any(name in names for name in keywords) or any(form[2] in names for form in forms.of("name", "const"))


def owned_beside(program: Program, route: Route, resource: str, alike: Iterable[Route]) -> tuple[Route, Tie] | None:
    """The first route that changes such a thing by its id, for whoever has a right to, and compares the owner too.

    A right to read is no more than a right to change: who has it is no administrator either.
    """
    asked = list(asked_before(program, route))
    ids = path_variables(route.path)[-1:]
    if not ids or any(is_for_administrators(program, guard) or looks_up(guard, ids[0]) for guard in asked):
        return None
    if authorizes_inside(program, route):
        return None
    for other in alike:
        if access.changes_state(other) and other.function is not route.function:
            tie = compares_owner(program, other)
            if tie is not None and not is_of_members(other, resource, tie):
                return other, tie
    return None
