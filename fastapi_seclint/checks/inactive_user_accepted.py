"""FSL510: a user whose account was closed is let in, although the project tests elsewhere whether it is active."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks.public_route_requires_token import sent_away
from fastapi_seclint.edits import ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Const, External, Function, Place, Value, options
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.guards import access, entrances
from fastapi_seclint.subjects.guards.swapping import argument_of, places, swapped
from fastapi_seclint.subjects.owners.active_in_name import active_in_name
from fastapi_seclint.subjects.owners.activity import ActiveGuard, active_guards, looks_at_activity, unseen_active
from fastapi_seclint.subjects.owners.closed import (
    cannot_be_closed,
    declared_flag,
    refusing_as,
    refusing_closed,
    tested_flag,
    unread_flag,
)
from fastapi_seclint.subjects.owners.finding_users import finds_user, testing_handlers, testing_logins
from fastapi_seclint.subjects.owners.identity import Guard, guards, known_as
from fastapi_seclint.subjects.owners.one_way import one_way_only
from fastapi_seclint.subjects.owners.other_doors import other_doors
from fastapi_seclint.subjects.owners.switched import switched

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL510",
    name="inactive-user-accepted",
    summary="a closed account still opens the API",
    severity="medium",
    cwe=(285, 613),
    owasp=("API2", "API5"),
    guide="5",
    fixable="unsafe",
)

_CURRENT_USER = (
    "fastapi_users.FastAPIUsers().current_user",
    "fastapi_users.fastapi_users.FastAPIUsers().current_user",
    "fastapi_users.FastAPIUsers().authenticator.current_user",
)
_ABOUT_ACTIVITY = re.compile(
    r"(^|_)(log_?out|sign_?out|refresh|(re|de)?activat\w*|verify|verif\w*|confirm\w*|resend|status)(_|$)"
)
_SAID = {False: "an account is closed here", True: "closed accounts are refused here, and nobody calls it"}


@RULE.check
def inactive_user_accepted(program: Program) -> Iterator[Finding]:
    """One finding a route that takes the plain guard, a dependency built on it, or the guard that never looks."""
    found = active_guards(program)
    unseen = unseen_active(program)
    seen: set[object] = set()
    for route in program.routes if found or unseen else ():
        if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
            continue
        if _is_about_activity(program, route) or not guards(program, route) or looks_at_activity(program, route):
            continue
        if route.function is not None and id(route.function) in sent_away(program):
            continue  # a guard that gives None is what it lacks
        for guard in guards(program, route):
            finding = _finding(program, route, guard, found, unseen)
            if finding is not None and finding.location not in seen:
                seen.add(finding.location)
                yield finding
                break
    named = list(_named_only(program)) if not found and not unseen else []
    yield from named
    if not found and not unseen and not named:
        yield from _tested_at_login_only(program)
        yield from _never_tested(program)
        yield from _at_other_doors(program)
    yield from _on_one_way(program)
    yield from _of_switched(program)
    yield from _of_library(program)


def _on_one_way(program: Program) -> Iterator[Finding]:
    """Guards that find users on several ways, and look whether they are active on some of them only."""
    told: set[int] = set()
    for route in program.routes:
        if route.place is None or program.is_test(route.place.module):
            continue
        for node in route.nodes():
            function = one_way_only(program, node)
            if function is not None and id(function) not in told and not _is_about_activity(program, route):
                told.add(id(function))
                yield RULE.finding(
                    function.place.location,
                    f"{known_as(function)} lets in users whose account was closed: other ways to be let in look "
                    "whether it is active, and this one does not; test it here too",
                    confidence="medium",
                    symbol=function.dotted,
                    route=access.key(route),
                    evidence=[Evidence(route.place.location, f"{access.spoken(route)} relies on it")],
                )


def _at_other_doors(program: Program) -> Iterator[Finding]:
    """Guards that let closed accounts in, where a guard that finds the same accounts in another way refuses them."""
    for route, function, refusing in other_doors(program):
        if not _is_about_activity(program, route) and not looks_at_activity(program, route):
            yield RULE.finding(
                function.place.location,
                f"{known_as(function)} lets in users whose account was closed: {known_as(refusing)} refuses them, and "
                "this one does not look; test it here too",
                confidence="medium",
                symbol=function.dotted,
                route=access.key(route),
                evidence=[
                    Evidence(refusing.place.location, f"{known_as(refusing)} refuses closed accounts"),
                    *([Evidence(route.place.location, f"{access.spoken(route)} relies on it")] if route.place else []),
                ],
            )


def _of_switched(program: Program) -> Iterator[Finding]:
    """Routes whose guard refuses closed accounts, but was told not to."""
    for route, guard in switched(program):
        if not _is_about_activity(program, route) and not looks_at_activity(program, route):
            told = guard.written
            evidence = [] if told is None else [Evidence(told.location, "the guard is told so here")]
            yield _of_route(route, guard.name, "it as it is by default", evidence, None)


def _of_library(program: Program) -> Iterator[Finding]:
    """fastapi-users looks whether an account is active when it is told to (its authentication/authenticator.py)."""
    for call in program.sites.calls(*_CURRENT_USER):
        given = [call.argument(name) for name in ("active", "optional")]
        told = [item is not None and not _is_false(call.value(item)) for item in given]
        if any(told) or call.spread or program.is_test(call.block.module):
            continue
        span = span_of(call.form[1])
        edit = SetKeyword(call.block.module.path, span, "active", "True")
        yield RULE.finding(
            call.location,
            "without `active=True` fastapi-users lets in users whose account was closed as long as their token lasts: "
            "pass it",
            symbol=call.block.symbol,
            fix=Fix("refuse closed accounts", False, (edit,)),
        )


def _is_false(value: Value) -> bool:
    return any(isinstance(option, Const) and not option.value for option in options(value))


def _is_about_activity(program: Program, route: Route) -> bool:
    return _speaks_of_activity(route) or entrances.is_entrance(program, route)


def _speaks_of_activity(route: Route) -> bool:
    """Whether a route is for accounts in any state, by its name: logging out, activating, confirming."""
    name = snake(route.function.name) if route.function is not None else ""
    words = [name, *(word.replace("-", "_") for word in access.segments(route.path))]
    return any(_ABOUT_ACTIVITY.search(word) for word in words)


def _finding(
    program: Program, route: Route, guard: Guard, found: list[ActiveGuard], unseen: dict[str, Guard]
) -> Finding | None:
    assert route.place is not None
    if guard.node is None or guard.node.function is None:
        return _of_unseen(route, guard, unseen) or _beside(program, route, guard, found)
    for candidate in found:
        base = _base_of(guard.node, candidate)
        if base is None:
            continue
        said = f"{candidate.name} refuses closed accounts"
        evidence = [Evidence(candidate.function.place.location, said)]
        if base is guard.node.runs:
            fix = _swapped(program, guard.node.written, candidate)
            return _of_route(route, guard.name, candidate.name, evidence, fix)
        return _of_dependency(program, route, guard.node.runs or guard.node.function, base, candidate)
    return None


def _of_unseen(route: Route, guard: Guard, unseen: dict[str, Guard]) -> Finding | None:
    active = unseen.get(snake(guard.name))
    return None if active is None else _of_route(route, guard.name, active.name, (), _renamed(route, guard, active))


def _beside(program: Program, route: Route, guard: Guard, found: list[ActiveGuard]) -> Finding | None:
    """A guard that is not in sight, where one that is tests the user that it gives."""
    call = guard.node.call if guard.node is not None else None
    spoken = call.name if isinstance(call, External) else guard.name
    for candidate in found:
        if spoken in candidate.unseen:
            name = candidate.name
            evidence = [Evidence(candidate.function.place.location, f"{name} refuses closed accounts")]
            return _of_route(route, guard.name, name, evidence, _swapped(program, guard.written, candidate))
    return None


def _swapped(program: Program, written: Place | None, active: ActiveGuard) -> Fix | None:
    """The stronger guard in place of the plain one, unless the stronger one gets its user from that very place."""
    if written is None or active.another or any(written == place for place, _ in places(program, active.function)):
        return None
    edits = swapped(program, written, active.function)
    return Fix(f"refuse closed accounts: depend on {active.name}", False, edits) if edits else None


def _renamed(route: Route, guard: Guard, active: Guard) -> Fix | None:
    """The name of the stronger guard, which is not in sight, where the file knows it already."""
    written = guard.written
    if written is None or active.name not in written.module.scope.names:
        return None
    argument = argument_of(written)
    if argument is None or argument[0] != "name":
        return None
    edit = ReplaceExpression(written.module.path, span_of(argument[1]), active.name)
    return Fix(f"refuse closed accounts: depend on {active.name}", False, (edit,))


def _base_of(node: Node, active: ActiveGuard) -> Function | None:
    """The plain guard that a dependency is, or is built on."""
    if node.runs is active.function:
        return None
    for inner in node.walk():
        if any(base in (inner.runs, inner.behind) for base in active.bases):
            return inner.runs
    return None


def _of_route(
    route: Route, guard: str, active: str, evidence: tuple[Evidence, ...] | list[Evidence], fix: Fix | None
) -> Finding:
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} serves users whose account was closed as long as their token lasts: {guard} never "
        f"looks; depend on {active}",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        fix=fix,
    )


def _of_dependency(program: Program, route: Route, function: Function, base: Function, active: ActiveGuard) -> Finding:
    written = next((place for place, option in places(program, function) if option is base), None)
    return RULE.finding(
        function.place.location,
        f"{known_as(function)} lets in users whose account was closed as long as their token lasts: it is built "
        f"on {known_as(base)}, which never looks; depend on {active.name}",
        symbol=function.dotted,
        route=access.key(route),
        evidence=[
            Evidence(active.function.place.location, f"{active.name} refuses closed accounts"),
            *(
                [Evidence(route.place.location, f"{access.spoken(route)} relies on it")]
                if route.place is not None
                else []
            ),
        ],
        fix=_swapped(program, written, active),
    )


def _named_only(program: Program) -> Iterator[Finding]:
    """Guards that are named after active users and look at nothing, where accounts have a flag for closed ones."""
    flag = declared_flag(program)
    for route, function in active_in_name(program) if flag is not None else ():
        yield RULE.finding(
            function.place.location,
            f"{known_as(function)} lets in users whose account was closed: it hands on whom it gets and never looks at "
            f"{flag.name if flag is not None else 'them'}; refuse them here",
            symbol=function.dotted,
            route=access.key(route),
            fix=refusing_closed(program, function, flag) if flag is not None else None,
        )


def _tested_at_login_only(program: Program) -> Iterator[Finding]:
    """Guards that find the user and never look whether he is active, where the login does or one of the handlers."""
    login = next(testing_logins(program), None)
    asking = [] if login is not None else testing_handlers(program)
    if asking:
        login = asking[0][0]
    if login is None:
        return
    finders = {id(finder) for _, finder in asking}
    only = f"{login.name} refuses them" if asking else "the login looks whether it is active"
    told: set[int] = set()
    flag = tested_flag(login)
    for route in program.routes:
        if route.kind != "http" or route.place is None or program.is_test(route.place.module):
            continue
        for guard in guards(program, route):
            node = guard.node
            function = node.function if node is not None else None
            if node is None or function is None or id(function) in told:
                continue
            if _speaks_of_activity(route) or looks_at_activity(program, route):
                continue
            deepest = finds_user(program, node)
            if asking and id(deepest) not in finders:
                continue
            if deepest is not None and id(deepest) not in told and not cannot_be_closed(program, deepest):
                told.update((id(function), id(deepest)))
                yield RULE.finding(
                    deepest.place.location,
                    f"{known_as(deepest)} lets in users whose account was closed as long as their token lasts: only "
                    f"{only}; test it here too",
                    confidence="medium",
                    symbol=deepest.dotted,
                    route=access.key(route),
                    evidence=[Evidence(login.place.location, f"{login.name} refuses closed accounts")],
                    fix=refusing_closed(program, deepest, flag) if flag else refusing_as(program, deepest, login),
                )


def _never_tested(program: Program) -> Iterator[Finding]:
    """Guards that find the user, in a project whose accounts have a flag for closed ones that no code reads.

    Where no code closes an account either, that is advice for the pedantic.
    """
    flag = unread_flag(program)
    told: set[int] = set()
    for route in program.routes if flag is not None else ():
        if route.kind != "http" or route.place is None or program.is_test(route.place.module):
            continue
        for guard in guards(program, route):
            if flag is None or guard.node is None:
                continue
            deepest = finds_user(program, guard.node, flag.accounts)
            if deepest is None or id(deepest) in told:
                continue
            if _speaks_of_activity(route) or looks_at_activity(program, route):
                continue
            told.add(id(deepest))
            place = flag.closes[0].location(flag.closes[1]) if flag.closes is not None else None
            yield RULE.finding(
                deepest.place.location,
                f"{known_as(deepest)} lets in users whose account was closed: accounts have {flag.name}, and nobody "
                "looks at it; refuse them here",
                confidence="medium",
                persona=None if place is not None else "pedantic",
                symbol=deepest.dotted,
                route=access.key(route),
                evidence=[Evidence(place, _SAID[flag.tested])] if place is not None else [],
                fix=refusing_closed(program, deepest, flag),
            )
