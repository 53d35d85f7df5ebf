"""Lists that give every user all things of a kind of which each one is read by its owner only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access, entrances
from fastapi_seclint.subjects.guards.outliers import answers_with_data, gives_published
from fastapi_seclint.subjects.owners.asked import knows_its_user
from fastapi_seclint.subjects.owners.belonging_words import PEOPLE
from fastapi_seclint.subjects.owners.shut import shuts_others_out
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.views import uses_caller, view_node
from fastapi_seclint.subjects.rights.privileged import ignores_its_caller
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.rights.roles import authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SHOWN = re.compile(
    r"(^|_)(public|published|shared?|visib\w+|private|privacy|hidden|draft|team|org\w*|tenant|workspace)(_|$)"
)
"""Words of code that lets more people than the owner see some of the things."""

_NARROWS = ("with_loader_criteria", "do_orm_execute")
"""How SQLAlchemy's sessions are told what every query of theirs leaves out, whoever makes it."""


def kept_singly(program: Program, route: Route) -> Route | None:
    """The GET of one thing that looks whose it is, for a GET of all of them that never looks at who is calling.

    Both answer with the same model, where they say with which one, and no things are shown to more than their owners.
    """
    handler = route.function
    if set(route.methods) - {"HEAD"} != {"GET"} or handler is None or route.place is None or route.kind != "http":
        return None
    if program.modules.speaking(_NARROWS):
        return None
    if path_variables(route.path) or program.is_test(handler.module) or entrances.is_for_development(route):
        return None
    name, _ = resource_of(route)
    single = re.compile(re.escape(route.path.rstrip("/")) + r"/{\w+(:\w+)?}/?")
    others = [
        other
        for other in program.routes
        if other.app is route.app and "GET" in other.methods and single.fullmatch(other.path) and other.function
    ]
    if not others or PEOPLE.match(name) or not knows_its_user(program, route) or view_node(route) is not None:
        return None
    if authorizes(program, route) or uses_caller(program, route) or not ignores_its_caller(program, route):
        return None
    if not answers_with_data(route) or gives_published(route) or _shows_more(program, route):
        return None
    return next((other for other in others if _is_kept(program, route, other)), None)


def _is_kept(program: Program, route: Route, other: Route) -> bool:
    """Whether a GET of one thing gives it to its owner only, and as much of it as the list has."""
    models, single = set(access.answered(program, route)), set(access.answered(program, other))
    if models and single and not models & single:
        return False
    tie = compares_owner(program, other, 2)
    kept = tie is not None and uses_caller(program, other) and shuts_others_out(program, other, tie)
    return kept and not _shows_more(program, other)


def _shows_more(program: Program, route: Route) -> bool:
    """Whether a handler, or what it calls, speaks of things that others may see as well."""
    functions = reached(program, route.function, 2) if route.function is not None else ()
    return any(
        _SHOWN.search(snake(str(form[-1]))) for function in functions for form in function.forms.of("name", "attr")
    )
