"""FSL311: the subject of a token is believed: nobody tests that it is there, or that it still names a user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.dependencies import running
from fastapi_seclint.program.values import Function, options
from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.payloads.encodings import encodings
from fastapi_seclint.subjects.tokens.swallowing import looks_at
from fastapi_seclint.subjects.tokens.types import reached, read_in
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL311",
    name="jwt-subject-unchecked",
    summary="the user that a token names may be gone or blocked, and is served all the same",
    severity="medium",
    confidence="medium",
    persona="pedantic",
    cwe=(287, 613),
    owasp=("API2",),
    guide="3",
)
_LOOKUP = re.compile(
    r"^(first|one|one_or_none|scalar\w*|execute|query|select|find_one|fetchone|fetchrow|exists|authenticate\w*)$"
    r"|(^|_)(user|account|member|customer|employee|principal|person|profile|by_id|by_email|by_name|by_username|by_sub)",
    re.I,
)
"""What a call is named that finds the user of a token; classes such as `UserOut(...)` are none."""


@RULE.check
def jwt_subject_unchecked(program: Program) -> Iterator[Finding]:
    """A finding on the guard's reading of the subject, and on each route that refreshes without a look at the user."""
    seen: set[int] = set()
    for value in wiring(program).callables:
        function = running(value)
        if function is None or id(function) in seen or not read_in(program, function):
            continue
        seen.add(id(function))
        subject = _subject(function)
        if subject is None or not program.guard_model.authenticates(value) or _is_looked_up(program, function):
            continue
        place = Location(function.module.path, span_of(subject[1]))
        yield RULE.finding(place, _BELIEVED, symbol=function.dotted)
    yield from _refreshing(program)


_BELIEVED = (
    "nobody looks whether this subject still names an active user, so a token opens the API after the account was "
    "closed: find the user and raise 401 when there is none"
)


def _subject(function: Function) -> Form | None:
    """The expression that takes the subject out of the claims."""
    for form in walk(function.statements()):
        match form:
            case ["sub", _, _, ["const", _, "sub"]]:
                return form
            case ["call", _, ["attr", _, _, "get"], [["const", _, "sub"], *_], _]:
                return form
    return None


def _is_looked_up(program: Program, function: Function) -> bool:
    """Whether a guard, what it calls, or whoever gets what it gives finds the user."""
    if any(_looks_up(one) for one, _ in reached(program, function, 2)):
        return True
    for consumer in wiring(program).consumers:
        pair = program.walker.resolver.dependency_of(consumer.parameter)
        gets = pair is not None and any(running(option) is function for option in options(pair[1]))
        if gets and (_looks_up(consumer.function) or looks_at(consumer.function, {consumer.parameter.name})):
            return True
    return False


def _looks_up(function: Function) -> bool:
    return any(_is_lookup(form) for form in walk(function.statements()))


def _is_lookup(form: Form) -> bool:
    """Whether an expression finds something by what it is given: a call by its name, an item of a store."""
    match form:
        case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, method], *_] if _STORE.search(str(owner[-1])):
            return str(method).startswith(("get", "find", "load", "fetch", "read", "select"))
        case ["call", _, ["name" | "attr", *_] as called, positional, keywords] if positional or keywords:
            name = str(called[-1])
            return not name[:1].isupper() and _LOOKUP.search(name) is not None
        case ["sub", _, ["name" | "attr", *_] as owner, _]:
            return _STORE.search(str(owner[-1])) is not None
    return False


_STORE = re.compile(r"user|account|member|^db$|_db$|database|session|repo|dao|crud", re.I)


def _refreshing(program: Program) -> Iterator[Finding]:
    """The routes that make a new token from an old one without a look at the user."""
    makers = {
        (item.call.block.module.file, item.call.block.function.number)
        for item in encodings(program)
        if item.call.block.function is not None
    }
    seen: set[object] = set()
    for route in program.routes:
        function = route.function
        if function is None or route.place is None or route.place in seen or program.is_test(function.module):
            continue
        if "refresh" not in route.path.lower() and "refresh" not in function.name.lower():
            continue
        seen.add(route.place)
        given = [node.function for node in route.nodes() if node.function is not None]
        way = [one for start in (function, *given) for one, _ in reached(program, start)]
        makes = any((one.module.file, one.number) in makers for one, _ in reached(program, function))
        if makes and any(read_in(program, one) for one in way) and not any(_looks_up(one) for one in way):
            yield RULE.finding(
                route.place.location,
                f"{access.spoken(route)} gives new tokens without a look at the user, so a closed account goes on for "
                "ever: find the user, and raise 401 when there is none or it is not active",
                symbol=function.dotted,
                route=access.key(route),
            )
