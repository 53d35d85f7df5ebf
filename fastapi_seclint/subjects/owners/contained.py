"""Rows that hold the key of a thing with an owner, `project_id`, and are picked by their own: `/invoices/{id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.asked import knows_its_user, takes_person
from fastapi_seclint.subjects.owners.belonging_words import PEOPLE
from fastapi_seclint.subjects.owners.belongings import is_published, names_owner, rows_of, singular
from fastapi_seclint.subjects.owners.evidence import is_for_all
from fastapi_seclint.subjects.owners.shut import shuts_others_out
from fastapi_seclint.subjects.owners.things import loads, resource_of
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.unbound import names_unknown_owner
from fastapi_seclint.subjects.owners.views import uses_caller, view_node
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.privileged import ignores_its_caller
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.rights.roles import authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEY = re.compile(r"_(id|uuid|pk)$")


def contained(program: Program, route: Route, about: Mapping[str, Sequence[Route]]) -> tuple[str, str, Route] | None:
    """The kind of row that a route picks, of what thing it is a part, and the route that looks whose that is.

    `about` are the routes of the program by the kinds of things in their paths. The handler takes its caller and has
    no use for him; what only reads is held against a route that reads.
    """
    handler = route.function
    resource, variable = resource_of(route)
    if handler is None or not variable or "{" in route.path.rpartition("{")[0] or not loads(route, variable):
        return None
    if view_node(route) is not None or not takes_person(program, route) or not knows_its_user(program, route):
        return None
    if authorizes(program, route) or uses_caller(program, route) or not ignores_its_caller(program, route):
        return None
    named = singular(_KEY.sub("", snake(variable)))
    resource = next((name for name in (resource, named) if name and rows_of(program, name, handler.module)), resource)
    keys = [snake(name) for cls in rows_of(program, resource, handler.module) for name, _, _ in fields(cls)]
    if any(names_owner(key) and not is_published(key) for key in keys):
        return None  # it has an owner of its own, and not only somebody who made it
    reads = not access.changes_state(route)
    for key in keys:
        whole = key.removesuffix("_id")
        if whole in (key, resource) or PEOPLE.match(whole) or _tests(program, handler, key):
            continue
        sibling = _asking(program, whole, about.get(whole, ()), reads)
        open_to_all = sibling is not None and (
            access.changes_state(sibling) or _is_read_by_all(program, whole, about.get(whole, ()))
        )
        if open_to_all and (reads or "POST" in route.methods or not access.is_last_an_id(route.path)):
            continue  # who may read a question may vote for its answers
        if sibling is not None and not names_unknown_owner(program, handler):
            return None if reads and is_for_all(program, route, whole) else (resource, whole, sibling)
    return None


def _tests(program: Program, handler: Function, key: str) -> bool:
    """Whether a handler asks for the whole that it finds a part of, none say: `template.project_id is not None`."""
    asking = (form for one in reached(program, handler, 2) for form in one.forms.of("if", "compare", "call"))
    for form in asking:
        said = form[2:] if form[0] == "compare" else form[2]
        asks = form[0] != "call" or (form[2][0] == "attr" and form[2][3] in _NONE)
        if asks and any(inner[0] == "attr" and inner[3] == key for inner in walk(said)):
            return True
    return False


_NONE = frozenset({"is_", "is_not", "isnot"})
"""SQLAlchemy's comparisons of a column with nothing."""


def _is_read_by_all(program: Program, name: str, routes: Sequence[Route]) -> bool:
    """Whether a route gives one such thing by its id, and not something of it, to whoever asks."""
    return any(
        resource_of(other)[0] == name
        and not access.changes_state(other)
        and access.is_last_an_id(other.path)
        and compares_owner(program, other, 2) is None
        and not uses_caller(program, other)
        for other in routes
    )


def _asking(program: Program, name: str, routes: Sequence[Route], reads: bool) -> Route | None:
    """The route that picks one such thing and compares its owner, one that reads where there is one."""
    picking = [other for other in routes if resource_of(other)[0] == name and resource_of(other)[1]]
    picking.sort(key=access.changes_state)
    asking = (other for other in picking if not (reads and access.changes_state(other)))
    for other in asking:
        tie = compares_owner(program, other, 2)
        if tie is not None and shuts_others_out(program, other, tie):
            return other
    return None
