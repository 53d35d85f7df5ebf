"""Routes that tell strangers who has an account without any password: code checks, and questions for an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.outcomes import Follower
from fastapi_seclint.subjects.logins.sent import sent, spoken

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_IDENTITY = re.compile(r"(^|_)(e?mail(_address)?|user_?name|phone(_number)?|mobile(_number|_no)?|login)$")
_ASKS = re.compile(
    r"(^|_)(check|exists?|has|find|lookup|is|available|availability|taken|registered)_(\w+_)?(e?mails?|phone)(_|$)"
    r"|(^|_)(e?mail|phone)_(\w+_)?(exists?|check|available|availability|taken|registered)(_|$)"
)

_OF_CODE = re.compile(r"\b(code|otp|token|pin)\b", re.I)
_IS_WRONG = re.compile(r"\b(in(valid|correct)|wrong|bad|mismatch|(not|n't) match|expired|falsch|inv[aá]lid)", re.I)


def asked(program: Program, route: Route) -> set[str]:
    """The names of what a client sends, those that a handler reads of a body without a model among them."""
    keys = list(_keys(program, route))
    names = set(sent(program, route)) - {holder for holder, _ in keys}
    return {spoken(name) for name in (*names, *(key for _, key in keys))}


def _keys(program: Program, route: Route) -> Iterator[tuple[str, str]]:
    """The keys that a handler reads of its own parameters, with those: `data.get("email")`, `data["email"]`."""
    handler = route.function
    if handler is None or route.endpoint is None:
        return
    own = {
        parameter.name
        for parameter in parameters(route.endpoint)
        if program.walker.resolver.dependency_of(parameter) is None
    }
    for form in handler.forms.of("call", "sub"):
        match form:
            case ["call", _, ["attr", _, ["name", _, name], "get"], [["const", _, str() as key], *_], _] if name in own:
                yield name, key
            case ["sub", _, ["name", _, name], ["const", _, str() as key]] if name in own:
                yield name, key


def names_somebody(program: Program, route: Route) -> bool:
    """Whether a client says by an address or a name whose account he means."""
    return any(_IDENTITY.search(name) for name in asked(program, route))


def unlike_a_wrong_code(follower: Follower, ends: list[Outcome]) -> Iterator[tuple[Outcome, Outcome]]:
    """The refusals that are met only where there is no account, each with the one for a code that is wrong."""
    for end in ends:
        function = end.block.function
        if end.kind != "raise" or end.worlds != frozenset({"absent"}) or function is None:
            continue
        near = [other for other in follower.outcomes(function) if other.kind == "raise" and other.worlds]
        wrong = [other for other in near if "absent" not in other.worlds]
        if wrong and all(other.said != end.said for other in wrong):
            yield end, max(wrong, key=lambda other: _of_code(str(other.said)))


def _of_code(said: str) -> int:
    """How much a refusal says that a code is wrong; the first of those that say as much is the one."""
    return bool(_OF_CODE.search(said)) + bool(_IS_WRONG.search(said))


def answers_for_addresses(program: Program, route: Route) -> bool:
    """Whether an open route is there to say whether an address has an account: `POST /check-email`."""
    handler = route.function
    if handler is None or program.is_test(handler.module) or program.guarding(route).protection != "open":
        return False
    last = spoken((access.segments(route.path) or [""])[-1])
    return any(_ASKS.search(word) for word in (last, spoken(handler.name))) and names_somebody(program, route)


def unlike_a_known_address(ends: list[Outcome], handler: Function) -> Iterator[Outcome]:
    """What a handler itself says only where there is no account, and differently where there is one."""
    own = [end for end in ends if end.kind in ("raise", "answer", "value") and end.block.function is handler]
    there = [end for end in own if "absent" not in end.worlds]
    for end in own:
        if end.worlds == frozenset({"absent"}) and there and all(other.said != end.said for other in there):
            yield end
