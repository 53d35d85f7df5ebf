"""FSL311: the subject of a token is believed: nobody tests that it is there, or that it still names a user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks.jwt_error_swallowed import let_pass
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.unauthorized import unused
from fastapi_seclint.subjects.limits.limiters import node_limits
from fastapi_seclint.subjects.tokens.found_users import is_claims_model, is_lookup, is_sought, untested
from fastapi_seclint.subjects.tokens.giving import signers
from fastapi_seclint.subjects.tokens.identity_claims import identity_of, subject_of
from fastapi_seclint.subjects.tokens.looking import looked_at
from fastapi_seclint.subjects.tokens.receivers import most_look, receivers
from fastapi_seclint.subjects.tokens.subject_fixes import looked_up, refused
from fastapi_seclint.subjects.tokens.types import reached, read_in
from fastapi_seclint.subjects.tokens.unverified import believers
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
    fixable="unsafe",
)


@RULE.check
def jwt_subject_unchecked(program: Program) -> Iterator[Finding]:
    """A finding on the guard's reading of the subject, and on each route that refreshes without a look at the user."""
    seen: set[int] = set()
    told: set[Location] = set()
    unread = believers(program) | _swallowing(program)
    for value in (*wiring(program).callables, *unused(program)):
        runs = running(value)
        function = worker(program.interpreter, runs) if runs is not None else None
        if function is None or id(function) in seen:
            continue
        seen.add(id(function))
        taker, subject = _taken(program, function)
        block, inner = body_of(program, function), body_of(program, taker)
        believed = any((one.module.file, one.number) in unread for one, _ in reached(program, function, 2))
        if subject is None or block is None or inner is None or not (believed or _reads(program, function)):
            continue
        if not believed and not program.guard_model.authenticates(value):
            continue
        if not is_sought(program, taker, subject) and not _is_looked_up(program, function, subject):
            place = inner.location(subject)
            if place not in told:
                told.add(place)
                fix = looked_up(program, inner, subject)
                yield RULE.finding(place, _BELIEVED, symbol=taker.dotted, fix=fix, masks=BEHIND_AUTHENTICATION)
        elif (found := untested(program, block)) is not None and not _is_looked_at(program, function):
            fix = refused(block, *found)
            place = block.location(found[0])
            yield RULE.finding(place, _NOT_FOUND, symbol=function.dotted, fix=fix, masks=BEHIND_AUTHENTICATION)
    yield from _refreshing(program)


_BELIEVED = (
    "nobody looks whether this subject still names an active user, so a token opens the API after the account was "
    "closed: find the user and raise 401 when there is none"
)

_NOT_FOUND = (
    "nobody looks whether a user was found, so the token of an account that is gone opens the API as nobody's: raise "
    "401 when there is none"
)


def _swallowing(program: Program) -> set[tuple[str, int]]:
    """The functions that let bad tokens pass, each by its file and number: once they refuse those, they are guards."""
    functions = (swallow.function for swallow, _ in let_pass(program).values())
    return {(function.module.file, function.number) for function in functions}


def _reads(program: Program, function: Function) -> bool:
    """Whether a function reads a token, itself or through one that it calls."""
    return any(read_in(program, one) for one, _ in reached(program, function, 2))


def _taken(program: Program, function: Function) -> tuple[Function, Form | None]:
    """The function that takes the subject out of the claims for a guard, itself or one that it calls."""
    for one, _ in reached(program, function, 2):
        subject = subject_of(one)
        if subject is not None:
            return one, subject
    for one, _ in reached(program, function, 2):
        block = body_of(program, one) if read_in(program, one) else None
        for form in block.forms.of("call") if block is not None else ():
            if block is not None and is_claims_model(program, block, form):
                return one, form
    for one, _ in reached(program, function, 2):
        if (identity := identity_of(program, one)) is not None:
            return one, identity
    return function, None


def _is_looked_up(program: Program, function: Function, subject: Form) -> bool:
    """Whether a guard, what it calls, or most of those who get what it gives find the user."""
    if any(_looks_up(one) for one, _ in reached(program, function, 2)):
        return True
    if any(first is not None and _gives(one, subject) and is_sought(program, function, first)
           for one, first in reached(program, function, 2)):  # fmt: skip
        return True
    return most_look(program, function, tests=subject[0] != "name" and not _gives_claims(function))


def _gives(function: Function, subject: Form) -> bool:
    """Whether a function returns the subject itself, to somebody who may look it up then."""
    return any(form[2] is subject for form in function.forms.of("return"))


def _gives_claims(function: Function) -> bool:
    """Whether a guard gives nothing but claims, or what it makes of them: a test of that says nothing."""
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    return bool(given) and all(
        form[0] == "dict" or (form[0] == "call" and form[2][0] == "name" and form[2][2][:1].isupper()) for form in given
    )


def _is_looked_at(program: Program, function: Function) -> bool:
    """Whether somebody who gets what a guard gives tests it."""
    return any(looked_at(program, receiver, {name}) for receiver, name in receivers(program, function))


def _finds(program: Program, function: Function) -> bool:
    """Whether a function finds something by its name, or by the subject of a token."""
    subject = subject_of(function)
    return _looks_up(function) or (subject is not None and is_sought(program, function, subject))


def _looks_up(function: Function) -> bool:
    return any(is_lookup(form) for form in function.forms.every)


def _refreshing(program: Program) -> Iterator[Finding]:
    """The routes that make a new token from an old one without a look at the user."""
    seen: set[object] = set()
    for route in program.routes:
        function = route.function
        if function is None or route.place is None or route.place in seen or program.is_test(function.module):
            continue
        if "refresh" not in route.path.lower() and "refresh" not in function.name.lower():
            continue
        seen.add(route.place)
        given = [item.function for item in route.nodes() if item.function and not node_limits(program, item)]
        way = [one for start in (function, *given) for one, _ in reached(program, start)]
        makes = any((one.module.file, one.number) in signers(program) for one, _ in reached(program, function))
        if makes and any(read_in(program, one) for one in way) and not any(_finds(program, one) for one in way):
            yield RULE.finding(
                route.place.location,
                f"{access.spoken(route)} gives new tokens without a look at the user, so a closed account goes on for "
                "ever: find the user, and raise 401 when there is none or it is not active",
                symbol=function.dotted,
                route=access.key(route),
                evidence=_readers(program, way, function),
                fix=_fix(program, way),
                masks=BEHIND_AUTHENTICATION,
            )


def _readers(program: Program, way: list[Function], handler: Function) -> list[Evidence]:
    """The functions on a route's way that read its token, its handler left out."""
    found = {id(one): one for one in way if one is not handler and read_in(program, one)}
    return [Evidence(one.place.location, f"{one.name} reads the token") for one in found.values()]


def _fix(program: Program, way: list[Function]) -> Fix | None:
    """A look at the user where the first function of a route's way takes the subject out of the claims."""
    for one in way:
        subject, block = subject_of(one), body_of(program, one)
        if subject is not None and block is not None:
            return looked_up(program, block, subject)
    return None
