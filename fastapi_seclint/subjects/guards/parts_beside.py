"""Parts of what only users may read, given to everybody by a route below: `/files/{id}/text` of `/files/{id}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import options
from fastapi_seclint.subjects.guards import entrances, probes
from fastapi_seclint.subjects.guards.access import answered, changes_state, classes, segments
from fastapi_seclint.subjects.guards.outliers import (
    answers_with_data,
    gives_published,
    has_path_for_all,
    is_for_all,
    shows_leave,
)
from fastapi_seclint.subjects.owners.belonging_words import AUTHORED
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.identity import is_authenticated

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DOWNLOADS = frozenset({"download", "downloads", "file", "link", "share"})
"""What a browser opens by a link, which brings no header."""


def guarded_whole_of(program: Program, route: Route) -> Route | None:
    """The GET of the thing that an open GET gives a part of, where everything else by that id asks who is calling.

    Several open ones beside it show that it was meant, and so does what is called something for everybody; posts and
    their comments are for all to read.
    """
    variables = path_variables(route.path)
    if set(route.methods) - {"HEAD"} != {"GET"} or not variables or route.path.rstrip("/").endswith("}"):
        return None
    last = route.path.rstrip("/").rpartition("/")[2].lower()
    if last in _DOWNLOADS or has_path_for_all(route) or shows_leave(route) or not answers_with_data(route):
        return None
    if any(AUTHORED.match(singular(word)) for word in segments(route.path)):
        return None
    if gives_published(route) or entrances.is_entrance(program, route) or probes.is_probe(route):
        return None
    beside = [
        other
        for other in program.routes
        if other.router is route.router and other.app is route.app and other.kind == "http"
    ]
    whole = route.path.rstrip("/").rpartition("/")[0]
    found = next((other for other in beside if other.path.rstrip("/") == whole and "GET" in other.methods), None)
    if found is None or path_variables(found.path) != variables or not is_authenticated(program, found):
        return None
    alike = {other.place: other for other in beside if path_variables(other.path)[: len(variables)] == variables}
    asking = [other for other in alike.values() if is_authenticated(program, other)]
    return found if len(asking) >= max(_LEAST_ASKING, len(alike) - len(asking)) else None


_LEAST_ASKING = 3


def guarded_one_of(program: Program, route: Route) -> Route | None:
    """The GET of one thing that asks who is calling, where an open GET lists all of them, each as fully as that one.

    Their changes ask, too. What people write is listed for all, and so is what is called something for everybody.
    """
    if set(route.methods) - {"HEAD"} != {"GET"} or path_variables(route.path) or is_for_all(route):
        return None
    if gives_published(route) or entrances.is_entrance(program, route) or probes.is_probe(route):
        return None
    if any(AUTHORED.match(singular(word)) for word in segments(route.path)):
        return None
    below = [
        other
        for other in program.routes
        if other.router is route.router
        and other.app is route.app
        and other.path.startswith(f"{route.path.rstrip('/')}/")
    ]
    if not any(changes_state(other) for other in below) or not all(is_authenticated(program, other) for other in below):
        return None
    models = _models(program, route)
    for other in below:
        one = "GET" in other.methods and other.path.count("/") == route.path.rstrip("/").count("/") + 1
        if one and path_variables(other.path) and models & _models(program, other):
            return other
    return None


def _models(program: Program, route: Route) -> set[int]:
    """The models that a route answers with, by identity: what it is declared to, if that is said twice."""
    declared = route.registration.arguments.get("response_model") if route.registration is not None else None
    found = [cls for option in options(declared) for cls in classes(option)]
    return {id(cls) for cls in found or answered(program, route) if cls.fields}
