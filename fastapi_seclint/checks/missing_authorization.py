"""FSL503: a route for administrators that every user may call; an API client whose permissions nobody tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import dotted_name, parameters
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.guards import access, entrances, probes
from fastapi_seclint.subjects.guards.fixes import authorizing
from fastapi_seclint.subjects.guards.hollow import is_gone
from fastapi_seclint.subjects.guards.said import says_it_is_for_administrators
from fastapi_seclint.subjects.logins.mailing import sends_again
from fastapi_seclint.subjects.owners.identity import guards, is_authenticated, names_identity
from fastapi_seclint.subjects.owners.ties import compares_owner
from fastapi_seclint.subjects.owners.using import is_tied
from fastapi_seclint.subjects.rights.alike import unlike_all_others
from fastapi_seclint.subjects.rights.beside import asks_for_less
from fastapi_seclint.subjects.rights.branches import asks_for_one_field_only
from fastapi_seclint.subjects.rights.clients import permission_tested, untested_permissions
from fastapi_seclint.subjects.rights.membership import OTHERS, WHOLE, ends_as_member, grants_as_member
from fastapi_seclint.subjects.rights.operators import is_operators_key
from fastapi_seclint.subjects.rights.privileged import ignores_its_caller, privilege
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes, has_role_notion, in_name_only, role_guard
from fastapi_seclint.subjects.rights.somewhere import asks_for_rights
from fastapi_seclint.subjects.rights.unheard import unheard
from fastapi_seclint.subjects.rights.unlike import listed, unlike_others

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL503",
    name="missing-authorization",
    summary="every user who is logged in may call a route for administrators",
    severity="high",
    cwe=(862, 285),
    owasp=("API5",),
    guide="1, 5, 7",
    fixable="unsafe",
)

_MANY = 8
"""A project that has more privileged routes than this, and no others, has administrators for users."""


@RULE.check
def missing_authorization(program: Program) -> Iterator[Finding]:
    """One finding a handler, on its `def`."""
    seen: set[object] = set()
    found = [(route, why) for route in program.routes if (why := _why(program, route))]
    if len(found) > _MANY and not has_role_notion(program) and _all_users_are_administrators(program, len(found)):
        return
    for route, why in found:
        if route.place not in seen:
            seen.add(route.place)
            guard = unheard(program, route) if why is _ASKS_IN_VAIN else None
            if guard is not None:
                yield _unheard(route, guard)
            else:
                yield (
                    _granted(program, route, why) if why in (_GRANTS, OTHERS, WHOLE) else _finding(program, route, why)
                )


_GRANTS = "takes the role that somebody is to have"
_ASKS_IN_VAIN = "asks for it and goes on whatever the answer is"


def _granted(program: Program, route: Route, why: str) -> Finding:
    """The finding about a route on which every member makes himself, or anybody, what he likes, or ends it for all."""
    guard = next(iter(guards(program, route)), None)
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"every member may call {access.spoken(route)}, which {why}: {guard.name if guard else 'its guard'} asks "
        f"for the least role there is; ask for one that may {'give others' if why is _GRANTS else 'do so'}",
        confidence="medium",
        symbol=access.symbol(route),
        route=access.key(route),
        masks=("missing-ownership-check", "inactive-user-accepted"),
    )


def _unheard(route: Route, guard: Node) -> Finding:
    """The finding about a route whose guard answers no by `return False` where nobody gets its answer."""
    asking = guard.function
    name = asking.name if asking is not None else guard.name
    evidence = [Evidence(asking.place.location, "returns False where the caller may not")] if asking is not None else []
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"who lacks a right calls {access.spoken(route)}, which {_ASKS_IN_VAIN}: {name} returns False for who may "
        "not, and FastAPI drops what a guard in `dependencies=` returns; raise a 403 there",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        masks=("missing-ownership-check", "inactive-user-accepted"),
    )


def _why(program: Program, route: Route) -> str:
    """Why a route should ask for more than a user, when it does not."""
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return ""
    if entrances.is_for_development(route) or probes.calls_itself_public(route) or _is_way_in(route) or is_gone(route):
        return ""
    if _tells_who_they_are(route) or _is_restated(program, route) or _is_switched_off(program, route):
        return ""
    if sends_again(program, route):
        return ""
    if is_authenticated(program, route) and grants_as_member(program, route):
        return _GRANTS
    if is_authenticated(program, route) and (ended := ends_as_member(program, route)):
        return ended
    if unheard(program, route) is not None and is_authenticated(program, route):
        return _ASKS_IN_VAIN
    if (strict := asks_for_less(program, route)) and is_authenticated(program, route):
        return f"asks for less than {listed(strict)} of the same path, which are for administrators"
    untested = untested_permissions(program, route)
    why = privilege(program, route) or untested or _named_only(program, route)
    why = why or _taken_for_one(program, route) or _said(route)
    compared = unlike_others(program, route) if not why else ""
    why = why or compared
    if not why or not is_authenticated(program, route) or _is_authorized(program, route):
        return ""
    unasked = bool(untested) and access.changes_state(route)
    if not (compared or unasked) and (_reads_its_own(program, route) or is_tied(program, route)):
        return ""
    found = guards(program, route)
    asking = bool(found) or _asks_by_itself(route) or _is_decorated(route)
    if not asking and not compared and not asks_for_rights(program):
        return ""
    return why if untested or not any(is_operators_key(program, guard) for guard in found) else ""


def _is_switched_off(program: Program, route: Route) -> bool:
    """Whether nothing but the handler refuses, and whoever calls: `if not settings.OPEN_REGISTRATION: raise ...`."""
    refusing = [item for item in program.guarding(route).meetings if "denies" in (item.missing, item.junk)]
    return bool(refusing) and all(item.name == route.name and not item.checked for item in refusing)


def _is_authorized(program: Program, route: Route) -> bool:
    """Whether a route looks at its caller's rights, whatever its body says."""
    if not authorizes(program, route):
        return False
    return next(asked_before(program, route), None) is not None or not asks_for_one_field_only(program, route)


def _named_only(program: Program, route: Route) -> str:
    """What a guard is called that is named after administrators and looks for none, as the end of a sentence."""
    found = (guard for guard in guards(program, route) if guard.node is not None and in_name_only(program, guard.node))
    guard = next(found, None)
    return f"is for administrators by its guard's name, {guard.name}" if guard is not None else ""


_CALLED = re.compile(r"^_*((current|the)_)?(admin(istrator)?|super_?user)(_user|_account)?$", re.I)
"""How a handler calls the caller whom it takes for an administrator."""


def _taken_for_one(program: Program, route: Route) -> str:
    """That a handler calls an administrator what a guard gives who asks for none, where others ask for rights."""
    named = [
        guard.node for guard in guards(program, route) if guard.node is not None and _CALLED.match(guard.parameter)
    ]
    if not any(id(node.function) in _of_everybody(program) for node in named) or not asks_for_rights(program):
        return ""
    return "takes whoever calls for an administrator"


@answered_once
def _of_everybody(program: Program) -> frozenset[int]:
    """The functions that give somebody who is called otherwise: administrators may have a login of their own."""
    nodes = (node for route in program.routes for node in route.nodes())
    return frozenset(id(node.function) for node in nodes if node.parameter and not _CALLED.match(node.parameter))


def _said(route: Route) -> str:
    return "is for administrators by what its author says" if says_it_is_for_administrators(route) else ""


_WAY_IN = re.compile(
    r"^((log|sign)[-_]?(in|out|up)([-_].*)?|refresh([-_].*)?|.*password.*|verify([-_].*)?|register|tokens?)$", re.I
)

_WHOSE = re.compile(r"^[a-z]+[-_](admins|administrators|managers|moderators)$", re.I)
"""The administrators of something that people share: `/organisations/org-admins`."""
_OF_ONE = re.compile(r"^(user|account|employee|member|staff)_?(id|uuid|pk)$", re.I)


def _is_way_in(route: Route) -> bool:
    """Whether a route is how administrators themselves come in, go, or keep their account: no one's by its id."""
    found = access.segments(route.path)
    if any(_OF_ONE.match(name) for name in path_variables(route.path)):
        return False
    return any(_WAY_IN.match(word) for word in found[-2:])


def _tells_who_they_are(route: Route) -> bool:
    """Whether a route only lists who the administrators of something are, for those to know who are not."""
    found = access.segments(route.path)
    if access.changes_state(route) or not found or _WHOSE.match(found[-1]) is None:
        return False
    return not access.is_admin_like("/".join(found[:-1]))


def _is_restated(program: Program, route: Route) -> bool:
    """Whether a route that only reads lists a guard that its router lists already: that it is enough was thought of."""
    listed = route.registration.dependencies if route.registration is not None else None
    if listed is None or route.registration is None or access.changes_state(route):
        return False
    resolver, router = program.walker.resolver, route.router
    own = resolver.of_list(listed, route.registration.place)
    around = [node.call for node in resolver.of_values(router.inherited(), router.place)]
    return bool(own) and all(any(node.call is call for call in around) for node in own)


def _asks_by_itself(route: Route) -> bool:
    """Whether a handler without a guard looks at the request for its caller."""
    parts = ("session", "user", "state", "cookies", "headers")
    forms = route.function.forms.every if route.function is not None else ()
    return any(form[0] == "attr" and form[3] in parts and form[2][-1] == "request" for form in forms)


def _is_decorated(route: Route) -> bool:
    """Whether a decorator finds out who is calling: `@requires("authenticated")`, the project's `@login_required`."""
    for decorator, _ in wrapping_decorators(route):
        if isinstance(decorator, External) and decorator.name == "starlette.authentication.requires()":
            return True
        name = (dotted_name(decorator) or "").partition(".<locals>.")[0].rpartition(".")[2]
        if isinstance(decorator, Function) and names_identity(name):
            return True
    return False


def _reads_its_own(program: Program, route: Route) -> bool:
    """Whether a route only looks up, changes or ends what belongs to its caller, whatever it is called.

    What is compared with an owner that the client names is anybody's: `?user_id=`, while nothing looks at the caller.
    """
    tie = compares_owner(program, route) if not access.changes_state(route) or "{" in route.path else None
    if tie is None or route.endpoint is None:
        return False
    filled = program.walker.resolver.dependency_of
    sent = {item.name for item in parameters(route.endpoint) if filled(item) is None}
    return tie.caller not in sent or not ignores_its_caller(program, route)


def _all_users_are_administrators(program: Program, privileged: int) -> bool:
    asking = [route for route in program.routes if route.kind == "http" and is_authenticated(program, route)]
    return privileged * 10 >= len(asking) * 9


def _finding(program: Program, route: Route, why: str) -> Finding:
    guard = next(iter(guards(program, route)), None)
    asked = f"{guard.name} only says who is calling" if guard is not None else "the route only asks who is calling"
    less = bool(asks_for_less(program, route))
    asked = "the right that its guard was given is a lesser one" if less else asked
    alike = unlike_all_others(program, route) if not privilege(program, route) else None
    called = alike.called if alike is not None else ""
    compared, evidence = _comparison(program, route) if not called else ("", [])
    advice = f"while {compared}; depend on it here too" if compared else "test the caller's role or permissions as well"
    advice = f"while their handlers begin with {called}(...); let this one do so, too" if called else advice
    confidence: Confidence = "high" if compared and access.is_admin_like(route.path) else "medium"
    client = not privilege(program, route) and untested_permissions(program, route)
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"every user who is logged in may call {access.spoken(route)}, which {why}: {asked}, {advice}",
        confidence=confidence,
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        fix=None if less or called else permission_tested(program, route) if client else _mended(program, route),
        masks=("missing-ownership-check", "inactive-user-accepted"),
    )


def _mended(program: Program, route: Route) -> Fix | None:
    """The guard for rights; a handler that asks for one field's sake is one that people change themselves with."""
    return None if asks_for_one_field_only(program, route) else authorizing(program, route)


def _comparison(program: Program, route: Route) -> tuple[str, list[Evidence]]:
    found = role_guard(program)
    if found is None or found[0].place is None or found[0].place == route.place:
        return "", []
    other, guard = found
    said = f"{access.spoken(other)} is guarded by {guard.name}"
    return said, [Evidence(other.place.location, said)] if other.place is not None else []
