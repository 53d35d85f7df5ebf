"""Rows that hold the key of a thing with an owner, `project_id`, and are picked by their own: `/invoices/{id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.asked import knows_its_user, takes_person
from fastapi_seclint.subjects.owners.belonging_words import PEOPLE
from fastapi_seclint.subjects.owners.belongings import is_published, names_owner, rows_of, singular
from fastapi_seclint.subjects.owners.evidence import is_for_all
from fastapi_seclint.subjects.owners.things import loads, resource_of
from fastapi_seclint.subjects.owners.unbound import names_unknown_owner
from fastapi_seclint.subjects.owners.views import uses_caller, view_node
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.privileged import ignores_its_caller
from fastapi_seclint.subjects.rights.roles import authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEY = re.compile(r"_(id|uuid|pk)$")


def contained(program: Program, route: Route, owned: Mapping[str, Route]) -> tuple[str, str, Route] | None:
    """The kind of row that a route picks, of what thing it is a part, and the route that looks whose that is.

    `owned` are the routes that compare the owner of things by the kind of these. The handler takes its caller and has
    no use for him; what only reads is held against a route that reads.
    """
    handler = route.function
    resource, variable = resource_of(route)
    if handler is None or not variable or "{" in route.path.rpartition("{")[0] or not loads(route, variable):
        return None
    named = singular(_KEY.sub("", snake(variable)))
    kinds = (name for name in (resource, named) if name and rows_of(program, name, handler.module))
    resource = next(kinds, resource)
    rows = rows_of(program, resource, handler.module)
    keys = [snake(name) for cls in rows for name, _, _ in fields(cls)]
    if any(names_owner(key) and not is_published(key) for key in keys):
        return None  # it has an owner of its own, and not only somebody who made it
    outer = (key.removesuffix("_id") for key in keys if key.endswith("_id"))
    found = next((name for name in outer if name in owned and name != resource and not PEOPLE.match(name)), "")
    if not found or (not access.changes_state(route) and access.changes_state(owned[found])):
        return None
    if view_node(route) is not None or not takes_person(program, route) or not knows_its_user(program, route):
        return None
    if authorizes(program, route) or uses_caller(program, route) or not ignores_its_caller(program, route):
        return None
    if names_unknown_owner(program, handler) or (not access.changes_state(route) and is_for_all(program, route, found)):
        return None
    return resource, found, owned[found]
