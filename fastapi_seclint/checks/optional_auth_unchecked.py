"""FSL507: a dependency gives nothing for a stranger instead of refusing him, and nobody tests what it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.checks.public_route_requires_token import meant_for_visitors
from fastapi_seclint.facts.forms import Form, arguments, mentions, walk
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.meetings import Meeting, verdict
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.bearer_schemes import JWT_AUTH
from fastapi_seclint.subjects.guards.conversations import opens_a_conversation
from fastapi_seclint.subjects.guards.demanding import asked_in_place
from fastapi_seclint.subjects.guards.exposure import is_meant_for_everybody
from fastapi_seclint.subjects.guards.found_users import gives_found
from fastapi_seclint.subjects.guards.given_objects import (
    always_gives_an_object,
    asks_for_credentials,
    gives_for_nothing,
    is_asked_elsewhere,
    is_of_nobody,
    is_somebody,
    may_be_nobody,
    refuses_only_what_is_sent,
    somebody_made_up,
)
from fastapi_seclint.subjects.guards.optional_fixes import refused_for_nobody
from fastapi_seclint.subjects.guards.pushing import tells_strangers
from fastapi_seclint.subjects.guards.sent_only import refused_if_sent
from fastapi_seclint.subjects.owners.half_asked import asked_if_known, asks_known_only
from fastapi_seclint.subjects.owners.identity import dependency_name, names_identity
from fastapi_seclint.subjects.tokens.looking import goes_unused, looked_at, too_late
from fastapi_seclint.subjects.tokens.swallowing import swallows

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL507",
    name="optional-auth-unchecked",
    summary="a route takes an optional user and never tests whether there is one",
    severity="high",
    cwe=(287, 306),
    owasp=("API2",),
    guide="9",
    fixable="unsafe",
)


@RULE.check
def optional_auth_unchecked(program: Program) -> Iterator[Finding]:
    """A finding on the `def` of each route that goes on without a user."""
    found: dict[object, list[tuple[Route, Node]]] = {}
    for route in program.routes:
        node = _asked_optionally(program, route)
        if node is None and _is_considered(program, route):
            node = next((node for node in route.dependencies if _lets_through(program, route, node)), None)
        node = node or _refused_late(program, route)
        if node is None and _is_considered(program, route):
            node = asked_if_known(program, route)
        if node is not None:
            found.setdefault(route.place, []).append((route, node))
    for ways in found.values():
        yield _finding(program, *ways[0], refused_for_nobody(program, ways))
    seen = set(found)
    for route in program.routes:
        if route.place not in seen and (name := _let_in_without(program, route)):
            seen.add(route.place)
            yield _of_handler(route, name)


def _let_in_without(program: Program, route: Route) -> str:
    """The credential of which a handler only asks whether it is a wrong one, where the route is not for everybody."""
    handler = route.function
    if handler is None or not (name := refused_if_sent(handler)) or not _is_considered(program, route):
        return ""
    if route.kind == "websocket":
        return name if opens_a_conversation(route) or tells_strangers(program, route) else ""
    return name if access.changes_state(route) and not access.only_reads(route) else ""


def _of_handler(route: Route, name: str) -> Finding:
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} refuses a wrong `{name}` and serves who sends none: refuse where there is none, too",
        symbol=access.symbol(route),
        route=access.key(route),
        fix=asked_in_place(route.function, name) if route.function is not None else None,
        masks=("unprotected-route", *BEHIND_AUTHENTICATION),
    )


def _asked_optionally(program: Program, route: Route) -> Node | None:
    """The `AuthJWT` of fastapi-jwt-auth of which a changing route calls `jwt_optional()` and nothing else.

    That refuses tokens that are not valid and lets everybody in who sends none (fastapi_jwt_auth/auth_jwt.py).
    """
    handler = route.function
    if handler is None or not access.changes_state(route) or program.is_test(handler.module):
        return None
    for node in route.dependencies:
        if node.parameter and isinstance(node.call, External) and JWT_AUTH.match(node.call.name):
            methods = [form[2] for form in handler.forms.of("call") if form[2][0] == "attr"]
            called = {form[3] for form in methods if form[2][::2] == ["name", node.parameter]}
            told = "jwt_optional" in called and called <= {"jwt_optional", *_TELLING} and not _is_asked(handler, node)
            if told and program.guarding(route).protection != "protected":
                return node
    return None


_TELLING = frozenset({"get_jwt_subject", "get_raw_jwt"})
"""What such an object gives of the token, None where there is none."""


def _is_asked(handler: Function, node: Node) -> bool:
    """Whether a handler tests what such an object gives, in a condition or in a function that it hands it to."""
    given = {
        target[2]
        for form in handler.forms.of("assign", "walrus")
        if form[3] is not None and mentions(form[3], {node.parameter})
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] == "name"
    }
    asked = [form[2] for form in handler.forms.of("if", "ifexp", "assert", "while")]
    asked += handler.forms.of("bool", "compare")
    handed = [item for form in handler.forms.of("call") for item in arguments(form)]
    return any(mentions(form, {*given, node.parameter}) for form in asked) or any(
        mentions(item, {*given, node.parameter}) for item in handed
    )


def _refused_late(program: Program, route: Route) -> Node | None:
    """The optional user of a route that refuses strangers only after it has stored what they wanted."""
    handler = route.function
    if handler is None or not access.changes_state(route) or program.is_test(handler.module):
        return None
    for node in route.dependencies:
        if (
            not node.parameter
            or not too_late(handler, {node.parameter})
            or looked_at(program, handler, {node.parameter})
        ):
            continue
        missing = program.guard_model.dependencies.encounter(node.call, Stranger(False))
        if not missing.opaque and verdict(missing) == "passes" and missing.returned & {"absent", "bad", "nothing"}:
            return node
    return None


def _is_considered(program: Program, route: Route) -> bool:
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return False
    if is_meant_for_everybody(program, route) or any(map(_is_switched, program.guarding(route).meetings)):
        return False
    return program.guarding(route).protection == "open" or _lets_in_without(program, route)


def _is_switched(meeting: Meeting) -> bool:
    """Whether something else refuses strangers once it is set up: who runs the program chose to let all in."""
    return meeting.configured and not meeting.optional


def _lets_in_without(program: Program, route: Route) -> bool:
    """Whether a request without credentials surely gets through, whatever happens to made-up ones out of sight."""
    guarding = program.guarding(route)
    if guarding.protection != "unknown" or route.problems or wrapping_decorators(route):
        return False
    if any(include.adopted for include in route.includes):
        return False
    names = {node.name for node in route.dependencies}
    others = [meeting for meeting in guarding.meetings if meeting.name not in names]
    if any(meeting.opaque or meeting.missing != "passes" for meeting in others):
        return False
    answers = [program.guard_model.dependencies.encounter(node.call, Stranger(False)) for node in route.dependencies]
    return all(verdict(answer) == "passes" and not answer.opaque for answer in answers)


def _matters(program: Program, route: Route, node: Node) -> bool:
    """Whether a route that takes an optional user is not for everybody: it changes something, or lists a scheme."""
    if (access.changes_state(route) and not access.only_reads(route)) or _is_listed_scheme(route):
        return True
    return _is_for_callers(program, route, node)


def _is_for_callers(program: Program, route: Route, node: Node) -> bool:
    """Whether a route that only reads asks who is calling, by its path or its guard's name, and has no use for him.

    One that works with the user, or gives nothing else back, may well be for visitors, too.
    """
    function = route.function
    if function is None or not node.parameter or meant_for_visitors(program, function):
        return False
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    if not given or all(value[0] == "name" and value[2] == node.parameter for value in given):
        return False
    if all(_tells_nothing(value) for value in given):
        return False
    used = [*function.forms.of("call"), *function.forms.of("attr", "sub")]
    if any(inner[0] == "name" and inner[2] == node.parameter for form in used for inner in walk(form[2:])):
        return False
    if access.is_admin_like(route.path) or access.reads_personal_data(program, route):
        return True
    name = dependency_name(node)
    around = node.function.scope if node.function is not None else None
    if around is not None and around.kind == "function" and any(map(_OPTIONAL.search, around.names)):
        return False  # made by a function that is told whether to let strangers in, `allow_anonymous=True`
    return (names_identity(name) or is_somebody(program, function, node.parameter)) and not _OPTIONAL.search(name)


def _tells_nothing(value: Form) -> bool:
    """Whether an answer is written down and empty: noughts, empty texts and lists under their names."""
    match value:
        case ["const", _, written]:
            return not written
        case ["dict", _, pairs]:
            return all(key is not None and _tells_nothing(item) for key, item in pairs)
        case ["list" | "tuple", _, items]:
            return all(_tells_nothing(item) for item in items)
    return False


_OPTIONAL = re.compile(r"optional|maybe|or_none|anonymous|guest|if_any|try_|visitor|public|soft", re.I)


def _is_listed_scheme(route: Route) -> bool:
    """Whether a scheme stands in a list of dependencies, where nobody gets what it gives."""
    return any(not node.parameter and scheme_of(node.call) is not None for node in route.dependencies)


def _lets_through(program: Program, route: Route, node: Node) -> bool:
    """Whether a dependency gives nothing for missing or made-up credentials and the handler does not look at it."""
    if not node.parameter and scheme_of(node.call) is None and not gives_for_nothing(program, node, route):
        return access.changes_state(route) and refuses_only_what_is_sent(program, node, route) != ""
    shown = not {"PUT", "PATCH", "DELETE"} & set(route.methods)
    handler = route.function
    if node.parameter and handler is not None and looked_at(program, handler, {node.parameter}, shown=shown):
        return False
    missing, junk = (program.guard_model.dependencies.encounter(node.call, Stranger(item)) for item in (False, True))
    if missing.opaque:
        return False
    if verdict(missing) == "passes":
        if not _matters(program, route, node):
            return False
        somebody = somebody_made_up(program, node)
        made = somebody is not None and not is_of_nobody(somebody)
        if made or always_gives_an_object(program, node):
            decides = shown or handler is None or not goes_unused(program, handler, {node.parameter})
            elsewhere = not made and is_asked_elsewhere(program, route, node)
            return access.changes_state(route) and (elsewhere or (not decides and asks_for_credentials(program, node)))
        configured = program.guard_model.dependencies.encounter(node.call, Stranger(junk=False, configured=True))
        if missing.switched and verdict(configured) == "denies":
            return False
        if not node.parameter and any(may_be_nobody(program, child) for child in node.children if child.parameter):
            return True
        nothing = missing.checked and missing.returned == frozenset({"nothing"})
        return nothing or bool(missing.returned & {"absent", "bad"})
    if junk.opaque or scheme_of(node.call) is not None or node.function is None:
        return False
    if not gives_found(program, node.function) or swallows(program, node.function):
        return False
    return verdict(junk) != "denies" and junk.returned <= {"bad", "nothing"} and "bad" in junk.returned


def _lack(program: Program, route: Route, node: Node) -> str:
    """What a route does about it that gets nobody: nothing, or too late."""
    if route.function is not None and node.parameter and asks_known_only(program, route, node.parameter):
        return (
            "compares the owner only where there is a user, so who does not log in gets what is another's: "
            "refuse for None first, or use a dependency that raises 401"
        )
    if route.function is not None and node.parameter and too_late(route.function, {node.parameter}):
        return (
            "refuses him only when all is stored, so he gets what he wanted and a 401 with it: test for None before "
            "anything is changed, or use a dependency that raises 401"
        )
    return "does not test it, so it works without valid credentials: use a dependency that raises 401, or test for None"


def _finding(program: Program, route: Route, node: Node, fix: Fix | None) -> Finding:
    name = node.name.rpartition(".")[2]
    evidence = [] if node.written is None else [Evidence(node.written.location, "this gives nothing for a stranger")]
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"`{name}` gives nothing for a stranger instead of refusing him, and {access.spoken(route)} "
        f"{_lack(program, route, node)}",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=evidence,
        fix=fix,
        masks=("unprotected-route", *BEHIND_AUTHENTICATION),
    )
