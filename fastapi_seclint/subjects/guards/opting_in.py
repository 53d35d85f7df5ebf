"""Ways in for people without an account: what a mail confirms, and users who are given a token at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.payloads.encodings import encodings
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi_seclint.program import Program

_ADDRESS = re.compile(r"(^|_)(e_?mail(_address)?|phone(_number)?)$", re.I)
_CONFIRM = re.compile(r"/{[^/{}]+}/(confirm|activate|verify)\w*/?$|/(confirm|activate|verify)\w*/{[^/{}]+}/?$", re.I)
_UNSUBSCRIBE = re.compile(r"^(unsubscribe|opt[-_]?out)([-_]|$)")
_PEOPLE = re.compile(r"(^|[-_])(users?|accounts?|members?|customers?)$")


def opts_in(program: Program, route: Route, sent: Iterable[str]) -> bool:
    """Whether somebody leaves an address, and a link that goes there confirms it: `GET /subscription/{id}/confirm`.

    `sent` are the names of what a client sends.
    """
    if "POST" not in route.methods or path_variables(route.path) or not any(map(_ADDRESS.search, sent)):
        return False
    below = route.path.rstrip("/")
    return any(
        other.app is route.app
        and "GET" in other.methods
        and other.path.startswith(f"{below}/")
        and _CONFIRM.match(other.path[len(below) :])
        and program.guarding(other).protection == "open"
        for other in program.routes
    )


def opts_out(program: Program, route: Route) -> bool:
    """Whether a handler ends a subscription by a link from a mail: a GET of it says `unsubscribe`."""
    return any(
        other.place == route.place
        and "GET" in other.methods
        and any(map(_UNSUBSCRIBE.match, access.segments(other.path)))
        and program.guarding(other).protection == "open"
        for other in program.routes
    )


def signs_up(program: Program, route: Route, sent: Iterable[str]) -> bool:
    """Whether a POST makes a user with an address, and the token that he comes back with: `POST /api-users`."""
    handler, found = route.function, access.segments(route.path)
    if handler is None or set(route.methods) != {"POST"} or path_variables(route.path) or not found:
        return False
    if access.is_admin_like(route.path) or not _PEOPLE.search(found[-1]) or not any(map(_ADDRESS.search, sent)):
        return False
    made = {(one.call.block.module.file, one.call.block.number) for one in encodings(program)}
    return bool(made) and any((inner.module.file, inner.number) in made for inner in reached(program, handler, 1))
