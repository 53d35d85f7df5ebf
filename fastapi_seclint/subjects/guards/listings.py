"""Things that only users may list, or only their owner may read, and everybody gets; and questions about users."""

from __future__ import annotations

import re
from operator import or_
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables, taken_as
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.outliers import (
    answers_with_data,
    gives_published,
    has_path_for_all,
    is_for_all,
    shows_leave,
)
from fastapi_seclint.subjects.owners.belonging_words import AUTHORED
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.identity import caller_names, is_authenticated
from fastapi_seclint.subjects.owners.things import loads
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.uses import asks_the_request, uses

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ASKS_FOR_PEOPLE = re.compile(
    r"^(get|find|fetch|look_?up|search|query|list|filter)_(all_)?(users?|customers?|patients?|employees?|accounts?)(_(id|ids|by_\w+|info"
    r"|details?|profiles?))?$"
)
_KNOWN_ALREADY = re.compile(r"^(\w+_)?(fingerprint|digest|checksum|sha\d*|hash|token|ticket|secret|code)$", re.I)
"""What a thing is asked for by that nobody knows who was not given it, or who has the thing itself."""


def guarded_listing(program: Program, route: Route) -> Route | None:
    """The guarded list of the things of which an open GET gives one, where their changes are guarded, too.

    A list that depends on who is calling may be of his own things, of which others are for all to read. Who makes one
    may be anybody, as people who ask for something are; one is then not given in another model than the list gives.
    """
    if set(route.methods) - {"HEAD"} != {"GET"} or not route.path.rstrip("/").endswith("}"):
        return None
    variables = path_variables(route.path)
    if not variables or _KNOWN_ALREADY.match(variables[-1]):
        return None
    parent = route.path.rstrip("/").rpartition("/")[0]
    beside = [other for other in program.routes if other.app is route.app and other.router is route.router]
    changes = [other for other in beside if access.changes_state(other) and other.path.startswith(parent)]
    guarded = [is_authenticated(program, other) for other in changes]
    makes = [set(other.methods) == {"POST"} and not path_variables(other.path) for other in changes]
    if not any(guarded) or not all(map(or_, guarded, makes)):
        return None
    for other in beside:
        lists = "GET" in other.methods and other.path.rstrip("/") == parent and other.kind == "http"
        if lists and is_authenticated(program, other) and is_the_same_for_all(program, other):
            return other if all(guarded) or not _shows_less(program, route, other) else None
    return None


def _shows_less(program: Program, route: Route, listing: Route) -> bool:
    """Whether a route says what it gives of a thing, and that is not what a list gives: `PublicUser` of `User`."""
    given = set(access.answered(program, route))
    return bool(given) and not given & set(access.answered(program, listing))


_EXPORTS = re.compile(r"^(export\w*|(\w+[-_])?export|download|csv|xlsx?|excel|pdf|json|to[-_](csv|excel|pdf))$", re.I)
"""The last parts of the path of a list that is given as a file."""


def guarded_whole(program: Program, route: Route) -> Route | None:
    """The guarded list that an open GET gives as a file: `/visas/export/csv` beside `/visas`."""
    if set(route.methods) - {"HEAD"} != {"GET"} or path_variables(route.path) or gives_published(route):
        return None
    parts = [part for part in route.path.split("/") if part]
    listed = list(parts)
    while listed and _EXPORTS.match(listed[-1]):
        listed.pop()
    if not listed or listed == parts:
        return None
    for other in program.routes:
        beside = other.app is route.app and other.router is route.router and other.kind == "http"
        if beside and "GET" in other.methods and [part for part in other.path.split("/") if part] == listed:
            return other if is_authenticated(program, other) else None
    return None


_VARIABLE = re.compile(r"{[^}]*}")


def kept_for_owner(program: Program, route: Route) -> Route | None:
    """The GET of a thing that only its owner gets, where an open route gives more of the same thing to everybody.

    `/albums/{album_id}/export` beside `/albums/{album_id}`, and a websocket below it. What is called something for
    everybody, or is kept under what only those know who were given it, is left alone.
    """
    if access.changes_state(route) or not path_variables(route.path) or shows_leave(route) or is_for_all(route):
        return None
    if gives_published(route):
        return None
    ways = {_VARIABLE.sub("{}", route.path[: found.end()]): found[0][1:-1] for found in _VARIABLE.finditer(route.path)}
    for other in program.routes:
        variable = ways.get(_VARIABLE.sub("{}", other.path.rstrip("/")), "").partition(":")[0]
        reads = (
            other.app is route.app and other.kind == "http" and "GET" in other.methods and other.place != route.place
        )
        if not variable or not reads or not loads(route, taken_as(route.function, variable)):
            continue
        if is_authenticated(program, other) and compares_owner(program, other) is not None:
            return other
    return None


_FOR_OTHERS = re.compile(
    r"^(form|poll|survey|quiz|question|link|url|page|site|website|store|shop|product|item|menu|restaurant|course|lesson|job"
    r"|vacancy|event|listing|profile|user|image|picture|photo|video|file|movie|song|book|offer|ad|advert|service|venue|car"
    r"|house|room|hotel|property|campaign|package|category|tag|team|group|club|channel|chat|game|public|shared?|paste|snippet"
    r"|gist|certificate|badge|wishlist|invitation|invite|template)$",
    re.I,
)
"""What somebody makes for others to look at, too."""


_ANYTHING = "item"
"""What things are called that may be anything: goods in a shop, or what somebody has to do."""


def _is_changed_by_its_owner(program: Program, route: Route) -> bool:
    """Whether each change of the one thing that a route reads looks whose it is, and there is one."""
    changes = [
        other
        for other in program.routes
        if other.app is route.app and other.path == route.path and access.changes_state(other)
    ]
    return bool(changes) and all(compares_owner(program, other) is not None for other in changes)


def own_list(program: Program, route: Route) -> Route | None:
    """The list of its caller's own things right above an open GET of one of them, where there is no list for others."""
    if set(route.methods) - {"HEAD"} != {"GET"} or not route.path.rstrip("/").endswith("}"):
        return None
    if shows_leave(route) or has_path_for_all(route) or gives_published(route):
        return None
    parent, _, variable = route.path.rstrip("/").rpartition("/")
    if "{" in parent or _KNOWN_ALREADY.match(variable.strip("{}")):
        return None
    words = [singular(re.split("[-_]", part)[-1]) for part in access.segments(route.path)]
    owned = _is_changed_by_its_owner(program, route)
    if any(AUTHORED.match(word) or (_FOR_OTHERS.match(word) and not (owned and word == _ANYTHING)) for word in words):
        return None
    beside = [
        other
        for other in program.routes
        if other.app is route.app and other.kind == "http" and "GET" in other.methods and other.place != route.place
    ]
    lists = [other for other in beside if other.path.rstrip("/") == parent and other.router is route.router]
    others = [other for other in beside if other.router is route.router and other.path.startswith(f"{parent}/")]
    if any(not path_variables(other.path) and not is_authenticated(program, other) for other in others):
        return None
    for other in lists:
        if is_authenticated(program, other) and not is_the_same_for_all(program, other):
            return None if _is_called_public(route) else other
    return None


_PUBLIC = re.compile(r"(^|_)(public|published|shared?|embed|preview|featured)(_|$)")


def _is_called_public(route: Route) -> bool:
    """Whether a handler says that it shows things to others: what is above its path is the same as of the list."""
    return route.function is not None and _PUBLIC.search(route.function.name) is not None


_EARNED = re.compile(
    r"^((total|daily|weekly|monthly|yearly|annual|net|gross|current|all)[-_])*(earnings?|revenues?|profits?|turnover"
    r"|incomes?|salar(y|ies)|payrolls?|payouts?)([-_](total|report|stats|summary|by[-_]\w+|per[-_]\w+))?$",
    re.I,
)


def tells_what_is_earned(program: Program, route: Route) -> Route | None:
    """The guarded route beside an open GET whose path says that it tells what somebody earns: `/monthly-profit`."""
    if set(route.methods) - {"HEAD"} != {"GET"} or path_variables(route.path) or gives_published(route):
        return None
    if not any(map(_EARNED.match, access.segments(route.path)[-1:])) or not answers_with_data(route):
        return None
    for other in program.routes:
        beside = other.app is route.app and other.router is route.router and other.kind == "http"
        if beside and "GET" in other.methods and is_authenticated(program, other):
            return other
    return None


def is_the_same_for_all(program: Program, listing: Route) -> bool:
    """Whether a list does not depend on who asks for it."""
    handler = listing.function
    if handler is None or asks_the_request(handler):
        return False
    return not uses(handler, caller_names(program, listing))


def asks_for_people(route: Route) -> bool:
    """Whether a route looks up users of the application, by its name: `get_user_id(data)`, `/customers/search`."""
    handler = route.function
    return handler is not None and _ASKS_FOR_PEOPLE.match(handler.name) is not None
