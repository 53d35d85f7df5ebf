"""Guards that ask for nothing but membership, and routes behind them that hand out roles or end it all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import mentions, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.values import Const, Function, Value
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.rights.roles import asked_before, authorizes_inside
from fastapi_seclint.subjects.rights.sent_rights import input_of
from fastapi_seclint.subjects.rights.words import is_role, names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

WHOLE = "deletes the whole that its members belong to"
OTHERS = "turns somebody else out"
_LOWEST = frozenset({"member", "user", "viewer", "guest", "reader"})
_MEMBERS = re.compile(r"^(\w+[-_])?(members?|collaborators?|participants?|users?|memberships?|roles?)$", re.I)


def grants_as_member(program: Program, route: Route) -> bool:
    """Whether a route takes the role that somebody is to have, and lets every member of the same thing call it."""
    if route.function is None or not access.changes_state(route) or not _is_about_members(route):
        return False
    asked = list(asked_before(program, route))
    if not asked or not all(map(_asks_for_membership, asked)) or authorizes_inside(program, route):
        return False
    if any(is_role(form[2]) for form in route.function.forms.of("const")):
        return False  # it asks for more itself, or knows which role nobody is to get
    return bool(input_of(program, route.function, route.path))


def ends_as_member(program: Program, route: Route) -> str:
    """What a route does away with that every member may call: another's membership, or the whole that he belongs to."""
    parts = route.path.strip("/").split("/")
    if route.function is None or "DELETE" not in route.methods or not parts[-1].startswith("{"):
        return ""
    asked = list(asked_before(program, route))
    if not asked or not all(map(_asks_for_membership, asked)) or authorizes_inside(program, route):
        return ""
    compared = any(form[3] in (["=="], ["!="]) for form in route.function.forms.of("compare"))
    if compared or _asks_more(program, route) or any(is_role(form[2]) for form in route.function.forms.of("const")):
        return ""  # it may ask whether somebody leaves of his own accord, or who made the thing
    last = parts[-1].strip("{}").partition(":")[0]
    taken = [form[0] for guard in asked if (function := running(guard)) is not None for form in function.parameters]
    if last in taken:
        return WHOLE
    about = len(parts) > 1 and _MEMBERS.match(parts[-2]) is not None
    return OTHERS if about and any("{" + name in route.path for name in taken) else ""


def _asks_more(program: Program, route: Route) -> bool:
    """Whether a dependency beside looks at what the path names, or a handler does more with its caller than log him.

    What a guard looked up and gives is no caller, `club`, but it may be asked who founded it.
    """
    handler = route.function
    if handler is None or any(_is_beside(route, node) for node in route.nodes()):
        return True
    given = {node.parameter for node in route.dependencies if node.parameter}
    if any(
        mentions(form[2], given) and any(item[0] == "raise" for item in walk(form[3]))
        for form in handler.forms.of("if")
    ):
        return True
    callers = caller_names(program, route) | {node.parameter for node in route.dependencies if _hands_on_caller(node)}
    noted = {id(inner) for call in handler.forms.of("call") if logs(call) for inner in walk(call)}
    return any(form[2] in callers and id(form) not in noted for form in handler.forms.of("name"))


def _hands_on_caller(node: Node) -> bool:
    """Whether a guard gives what it was given itself: `return user`."""
    given = {child.parameter for child in node.children if child.parameter}
    returned = node.function.forms.of("return") if node.function is not None else ()
    return any(form[2] is not None and form[2][0] == "name" and form[2][2] in given for form in returned)


def _is_beside(route: Route, node: Node) -> bool:
    """Whether a dependency that asks for no role looks at what the path names and refuses, `founder(club_id, user)`."""
    function = node.function
    if function is None or _asks_for_membership(node.call):
        return False
    taken = {form[0] for form in function.parameters}
    return bool(taken & variable_names(route)) and bool(function.forms.of("raise"))


def _is_about_members(route: Route) -> bool:
    return any(map(_MEMBERS.match, access.segments(route.path)[-2:]))


def _asks_for_membership(guard: Value) -> bool:
    """Whether a guard asks for the least role there is, unless it is told another: `least_role: str = "member"`."""
    function = running(guard)
    if not isinstance(function, Function) or len(function.parameters) != len(function.defaults):
        return False
    pairs = list(zip(function.parameters, function.defaults, strict=True))
    found = [default.value for form, default in pairs if names_right(form[0]) and isinstance(default, Const)]
    given = {target[2] for form in function.forms.of("assign") for target in form[2] if target[0] == "name"}
    if any(form[0] in given for form, _ in pairs if names_right(form[0])):
        return False  # by the method of the request, say
    return bool(found) and all(isinstance(text, str) and text.lower() in _LOWEST for text in found)
