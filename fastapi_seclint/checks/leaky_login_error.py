"""FSL401: the answer to a failed login, or to a forgotten password, tells whether there is such an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import Evidence, Finding, Fix, Persona, Rule, Severity
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.logins.alike import alike
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.locks import (
    asks_for_a_password,
    branches,
    is_lock,
    is_refused_for_now,
    told_of_some,
)
from fastapi_seclint.subjects.logins.lookups import (
    answers_for_addresses,
    names_somebody,
    unlike_a_known_address,
    unlike_a_wrong_code,
)
from fastapi_seclint.subjects.logins.mailing import mailing_routes, starts_by_address
from fastapi_seclint.subjects.logins.one_answer import answer_of_caller, as_if_sent, one_answer, told_later
from fastapi_seclint.subjects.logins.outcomes import Follower
from fastapi_seclint.subjects.logins.purposes import Purpose
from fastapi_seclint.subjects.logins.registrations import is_said_anyway, tells_of_account, tells_of_address
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.logins.sent import fields, sent, spoken
from fastapi_seclint.subjects.logins.stages import stages
from fastapi_seclint.subjects.logins.translations import Translations
from fastapi_seclint.subjects.logins.worlds import ALL
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL401",
    name="leaky-login-error",
    summary="error messages tell strangers who has an account",
    severity="medium",
    cwe=(203, 204),
    owasp=("API2",),
    guide="10",
    fixable="safe",
)

_LOGIN = re.compile(r"(^|_)(log_?in|sign_?in|authenticate)(_(user|account|for_access_token|with_password))?$")
_SECRETS = re.compile(r"(^|_)(token|claim|code|otp|pin|signature|key)$")
_ADDRESS = re.compile(r"(^|_)(e?mail|email_address|phone|phone_number|user_?name)$")
_OF_CODE = re.compile(r"\b(token|code|link|otp|pin)\b", re.I)
_OF_PEOPLE = re.compile(r"\b(users?|accounts?|e-?mail|address)\b", re.I)
_NEW = re.compile(r"^(new|confirm\w*|repeat\w*|password_?(confirm\w*|again|repeat|2))(_|$)|_confirm\w*$")
_EXISTS = (
    "this answer tells a stranger without a password that the account exists: test the password first, or answer as "
    "for a wrong one"
)


@RULE.check
def leaky_login_error(program: Program) -> Iterator[Finding]:
    """One finding a place that gives an account away."""
    follower, registering, translations = Follower(program), Follower(program, apart=True), Translations(program)
    seen: set[Location] = set()
    followed: set[int] = set()
    mailing: list[tuple[Route, Purpose]] = [(route, "password reset") for route in mailing_routes(program)]
    for route, purpose in (*auth_routes(program), *mailing):
        functions = [node.function for node in route.nodes()] + [route.function]
        for function in (item for item in functions if item is not None and id(item) not in followed):
            followed.add(id(function))
            own = registering if purpose == "registration" else follower
            ends = [end for item in own.outcomes(function) if (end := translations.of(item)) is not None]
            found: Iterator[Finding] = iter(())
            if purpose == "login" and function is route.function and starts_by_address(program, route):
                found = _of_reset(ends, route)
            elif purpose in ("login", "token"):
                inner = _inner(program, function, follower, translations)
                found = chain(_of_login(program, ends, route), *(_before(ends, _wrong(ends), route) for ends in inner))
            elif purpose == "password reset" and function is route.function and _asks_for_address(program, route, ends):
                found = _of_reset(ends, route)
            elif purpose == "password reset" and function is route.function and _asks_for_code(program, route):
                found = _of_reset(_before_code(ends), route, coded=True)
            elif purpose == "registration" and function is route.function:
                found = _of_registration(program, ends, route)
            elif purpose == "code check" and function is route.function and names_somebody(program, route):
                found = _of_code(follower, ends, route)
            yield from _fresh(found, seen)
        for first, then in stages(route) if purpose in ("login", "token") else ():
            ends = [end for one in (first, then) for item in follower.outcomes(one) if (end := translations.of(item))]
            refused = [end for end in ends if end.kind == "raise" and "right" not in end.worlds]
            yield from _fresh(_of_login(program, refused, route), seen)
    for function, route in _basic(program):
        if id(function) not in followed:
            followed.add(id(function))
            ends = [end for item in follower.outcomes(function) if (end := translations.of(item)) is not None]
            yield from (finding for finding in _of_login(program, ends, route) if finding.location not in seen)
    yield from _alone(program, follower, translations, seen)
    for route in program.routes:
        if route.function is not None and answers_for_addresses(program, route):
            yield from _of_question(follower.outcomes(route.function), route, route.function, seen)


def _fresh(found: Iterator[Finding], seen: set[Location]) -> Iterator[Finding]:
    """The findings of places that have none so far."""
    for finding in found:
        if finding.location not in seen:
            seen.add(finding.location)
            yield finding


def _basic(program: Program) -> Iterator[tuple[Function, Route]]:
    """The dependencies that are given the name and password of HTTP Basic, with a route that has them."""
    for route in program.routes:
        for node in route.nodes():
            basic = any(isinstance(inner.call, External) and "HTTPBasic()" in inner.call.name for inner in node.walk())
            if basic and node.function is not None and not program.is_test(node.function.module):
                yield node.function, route


def _asks_for_address(program: Program, route: Route, ends: list[Outcome]) -> bool:
    """Whether the client sends an address, a new password perhaps, and nothing that only its owner has.

    A password that makes no difference to how the route ends is a new one.
    """
    tested = any(("wrong" in end.worlds) is not ("right" in end.worlds) for end in ends)
    names = [spoken(name) for name in sent(program, route)]
    known = [name for name in names if "password" in name and not _NEW.search(name)] if tested else []
    return not (known or any(_SECRETS.search(name) for name in names))


def _asks_for_code(program: Program, route: Route) -> bool:
    """Whether the client sends an address beside the code or token that was mailed to it."""
    names = [spoken(name) for name in sent(program, route)]
    return any(_SECRETS.search(name) for name in names) and any(_ADDRESS.search(name) for name in names)


def _before_code(ends: list[Outcome]) -> list[Outcome]:
    """What is said before the code is looked at: nothing where the first refusal is not about the account alone."""
    said = (end for end in ends if end.kind == "raise" or (end.kind == "answer" and "right" not in end.worlds))
    first = next(said, None)
    known = first is not None and first.worlds == frozenset({"absent"})
    return ends if known and first is not None and _speaks_of_address(first) else []


def _speaks_of_address(end: Outcome) -> bool:
    """Whether the function that ends so knows the address, and does not say that the code or token is wrong."""
    function = end.block.function
    keywords = (name for call in end.block.forms.of("call") for name, _, _ in call[4] if name)
    named = (str(form[-1]) for form in end.block.forms.of("name", "attr", "const"))
    parameters = (item[0] for item in function.parameters) if function is not None else ()
    knows = any(_ADDRESS.search(spoken(word)) for word in chain(keywords, named, parameters))
    return knows and (_OF_CODE.search(str(end.said)) is None or _OF_PEOPLE.search(str(end.said)) is not None)


def _of_login(program: Program, ends: list[Outcome], route: Route | None) -> Iterator[Finding]:
    refusals, wrong = _refusals(ends), _wrong(ends)
    for end in refusals:
        same = any(other.said == end.said for other in ends if "wrong" in other.worlds)
        after = [one for one in wrong if not _is_asked_before(one, end)]
        if "absent" in end.worlds and after and not same:
            other = min(after, key=lambda one: _unlike(one, end))
            message = (
                "this answer tells a stranger that there is no such account, since a wrong password is answered "
                "differently: give both the same status and text"
            )
            evidence = [Evidence(other.block.location(other.form), "a wrong password is answered here")]
            evidence += [Evidence(one.written, "these words are said then") for one in (end, other) if one.written]
            fix = one_answer(end, other) or answer_of_caller(program, end, other)
            yield _finding(end, route, message, evidence, fix=fix)
    yield from _before(ends, wrong, route)
    for end, other in told_of_some(refusals, wrong):
        evidence = [Evidence(other.block.location(other.form), "a wrong password is answered here")]
        yield _finding(end, route, _EXISTS, evidence)
    yield from _unlike_success(ends, wrong, route)


def _is_asked_before(wrong: Outcome, absent: Outcome) -> bool:
    """Whether a refusal that unknown accounts get as well stands before theirs: no password was sent at all."""
    before = wrong.block.function is absent.block.function and wrong.form[1] < absent.form[1]
    return before and "absent" in wrong.worlds and asks_for_a_password(wrong)


def _unlike_success(ends: list[Outcome], wrong: list[Outcome], route: Route | None) -> Iterator[Finding]:
    """The answer to a wrong password where one for an unknown account is as if all were right: a code was sent."""
    absent = [end for end in ends if "absent" in end.worlds and len(end.worlds) < len(ALL)]
    refused = [end for end in wrong if end.kind == "raise" and end.worlds == frozenset({"wrong"}) and _is_nested(end)]
    if absent and refused and all(end.worlds == frozenset({"absent", "right"}) for end in absent):
        message = (
            "this answer tells a stranger that there is such an account, since an unknown one is answered as if all "
            "were right: give both the same status and text"
        )
        evidence = [Evidence(absent[0].block.location(absent[0].form), "an unknown account is answered here")]
        yield _finding(refused[0], route, message, evidence)


def _is_nested(end: Outcome) -> bool:
    """Whether more than the test of a password leads to an end: `if member:` around it."""
    return len(branches(end)) > 1


def _refusals(ends: list[Outcome]) -> list[Outcome]:
    return [end for end in ends if end.kind in ("raise", "answer") and "right" not in end.worlds]


def _wrong(ends: list[Outcome]) -> list[Outcome]:
    """The answers to a wrong password."""
    return [end for end in _refusals(ends) if "wrong" in end.worlds and not is_refused_for_now(end)]


def _inner(
    program: Program, function: Function, follower: Follower, translations: Translations
) -> Iterator[list[Outcome]]:
    """How the functions end that a login hands its work to, each by itself."""
    for inner in reached(program, function, 2):
        if inner is not function:
            yield [end for item in follower.outcomes(inner) if (end := translations.of(item)) is not None]


def _unlike(wrong: Outcome, absent: Outcome) -> tuple[bool, bool, int]:
    """How little the answer to a wrong password suits a name that nobody has; best is the plain one."""
    elsewhere = wrong.block.function is not absent.block.function
    return elsewhere, is_lock(wrong), wrong.block.location(wrong.form).span.column


def _before(ends: list[Outcome], wrong: list[Outcome], route: Route | None) -> Iterator[Finding]:
    """What is said of an account's state before its password is tested, to everybody who knows the name."""
    tests = [end for end in wrong if end.worlds == frozenset({"wrong"})]
    for end in ends:
        later = next((other for other in tests if other.block.function is end.block.function
                      and end.form[1] < other.form[1] and end.said != other.said), None)  # fmt: skip
        if end.kind == "raise" and end.worlds == frozenset({"wrong", "right"}) and later is not None:
            if is_lock(end):
                continue
            evidence = [Evidence(later.block.location(later.form), "a wrong password is answered here")]
            fix = told_later(end, later) or one_answer(end, later)
            yield _finding(end, route, _EXISTS, evidence, fix=fix and replace(fix, safe=False))


def _of_reset(ends: list[Outcome], route: Route, *, coded: bool = False) -> Iterator[Finding]:
    usual = [end for end in ends if "right" in end.worlds]
    for end in ends:
        if end.worlds & {"right", "wrong"} or "absent" not in end.worlds:
            continue
        if end.kind not in ("raise", "answer") and not any(_is_written(end) and _is_written(one) for one in usual):
            continue
        if any(other.said == end.said for other in usual) or (end.kind == "answer" and not usual):
            continue
        advice = "answer as for a wrong code" if coded else "answer as if the mail had been sent"
        message = f"this answer tells a stranger that nobody has this address: {advice}"
        yield _finding(end, route, message, [], fix=None if coded else as_if_sent(end, usual))


def _is_written(end: Outcome) -> bool:
    """Whether an answer is nothing but words, numbers and truth values that the code has: `{"sent": False}`."""
    match end.said:
        case (("dict", tuple()), bool()):
            return True
        case ("dict", tuple(pairs)):
            return end.kind == "value" and all(isinstance(value, str | int | None) for _, value in pairs)
    return False


def _of_code(follower: Follower, ends: list[Outcome], route: Route) -> Iterator[Finding]:
    for end, other in unlike_a_wrong_code(follower, ends):
        message = (
            "this answer tells a stranger that there is no such account, since a wrong code is answered differently: "
            "give both the same status and text"
        )
        evidence = [Evidence(other.block.location(other.form), "a wrong code is answered here")]
        yield _finding(end, route, message, evidence, fix=one_answer(end, other))


def _of_question(ends: list[Outcome], route: Route, handler: Function, seen: set[Location]) -> Iterator[Finding]:
    for end in unlike_a_known_address(ends, handler):
        message = (
            "this answer tells a stranger whether somebody has an account with the address: give one answer, and write "
            "to the address instead"
        )
        if end.block.location(end.form) not in seen:
            yield _finding(end, route, message, [], severity="low")


def _of_registration(program: Program, ends: list[Outcome], route: Route) -> Iterator[Finding]:
    """What tells of addresses; that a user name is taken has to be said, and is for auditors."""
    names = {spoken(name) for name in fields(program, route)}
    usual = [end.said for end in ends if "absent" in end.worlds]
    for end in ends:
        if tells_of_account(end) and (end.kind == "raise" or end.said not in usual) and not is_said_anyway(end, ends):
            message = (
                "this answer tells a stranger that somebody has an account with the address: accept the request and "
                "write to the address instead"
            )
            persona: Persona | None = None if tells_of_address(program, end, names) else "auditor"
            fix = alike(program, route, end) if persona is None else None
            yield _finding(end, route, message, [], persona=persona, severity="low", fix=fix)


def _alone(program: Program, follower: Follower, translations: Translations, seen: set[Location]) -> Iterator[Finding]:
    """Functions that log people in and that no route in sight calls; a route that is no way in has been judged."""
    judged = {id(route.function) for route in program.routes}
    for block in program.sites.blocks(frozenset({"password", "form_data", "credentials"})):
        function = block.function
        key = (function.module.file, function.number) if function is not None else None
        if function is None or key in follower.followed or program.is_test(block.module) or id(function) in judged:
            continue
        if _LOGIN.search(spoken(function.name)) and _is_free(function):
            ends = [end for item in follower.outcomes(function) if (end := translations.of(item)) is not None]
            yield from _fresh(_of_login(program, ends, None), seen)


def _is_free(function: Function) -> bool:
    return not any("current" in parameter[0] for parameter in function.parameters)


def _finding(
    end: Outcome,
    route: Route | None,
    message: str,
    evidence: list[Evidence],
    *,
    severity: Severity | None = None,
    persona: Persona | None = None,
    fix: Fix | None = None,
) -> Finding:
    return RULE.finding(
        end.block.location(end.form),
        message,
        severity=severity,
        confidence="high" if end.kind == "raise" and severity is None else "medium",
        persona=persona,
        symbol=end.block.symbol,
        route=access.key(route) if route is not None else None,
        evidence=evidence,
        fix=fix,
        masks=("missing-www-authenticate",),
    )
