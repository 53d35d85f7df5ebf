"""The open routes that write to whoever's address they are given: a code, a link, once more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.logins.lookups import asked
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.logins.sent import spoken
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MAILS = re.compile(
    r"(^|_)(verify|verification|confirm\w*|activat\w*|resend|magic|otp|one_time|(sms|send|mail|get)_code|request_e?mail)(_|$)"
)
_ONLY_ADDRESS = re.compile(
    r"^(user_)?e?mail(_address)?$|^((cell|tele|mobile_)?phone|mobile|cell|tel|msisdn)(_number|_no|_num)?$"
)
_LETS_IN = re.compile(r"(^|_)((access|refresh|bearer|auth|session)_?tokens?|jwt|tokens?|session|set_cookie)(_|$)", re.I)


def mailing_routes(program: Program) -> Iterator[Route]:
    """The open routes that send somebody a code or a link again, for nothing but his address."""
    known = {id(route) for route, _ in auth_routes(program)}
    for route in program.routes:
        handler = route.function
        if handler is None or "POST" not in route.methods or id(route) in known or program.is_test(handler.module):
            continue
        if program.guarding(route).protection == "open" and sends_again(program, route):
            yield route


def sends_again(program: Program, route: Route) -> bool:
    """Whether a route sends a code or a link to the address that is all it is told."""
    words = [*access.segments(route.path), route.function.name if route.function is not None else ""]
    return any(_MAILS.search(spoken(word)) for word in words) and _asks_for_address_alone(program, route)


def starts_by_address(program: Program, route: Route) -> bool:
    """Whether a login asks for an address alone and speaks of no token: a code or a link is sent there."""
    handler = route.function
    if handler is None or not _asks_for_address_alone(program, route):
        return False
    spoken_of = (
        str(form[-1]) for one in reached(program, handler, 1) for form in one.forms.of("name", "attr", "const")
    )
    return not any(map(_LETS_IN.search, spoken_of))


def _asks_for_address_alone(program: Program, route: Route) -> bool:
    names = asked(program, route)
    return bool(names) and all(_ONLY_ADDRESS.match(name) for name in names)
