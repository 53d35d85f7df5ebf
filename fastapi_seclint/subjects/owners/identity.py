"""Who is calling: the dependencies of a route that tell, and the names under which its handler knows the caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, names_in
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import dotted_name, parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, Function, Place, options
from fastapi_seclint.subjects.code.named_answers import form_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_WHO = (
    r"users?|accounts?|principal|identity|members?|customer|token|jwt|bearer|auth\w*|login|logged_in|api_?key|clients?"
    r"|admins?|superusers?|staff|roles?|permissions?|scopes?|session_user|subject|claims"
)
_IDENTITY = re.compile(
    rf"(^|_)(current|active|authenticated|verified|logged_in)_?(\w+_)?({_WHO})$"
    rf"|^(get|require|requires|verify|check|ensure|validate|authenticate|authorize|need|with)_(\w+_)?({_WHO})$"
    r"|^(\w+_)?(login|auth\w*|jwt|token|admin|role|permission|user)s?_required$|^(authenticate|authorize|is_authenticated"
    r"|require_\w+|protect(ed)?|auth|current_user|only_\w+|\w+_only)$"
    r"|^(jwt|auth\w*|token|role|permission|user|admin)_?(bearer|guard|checker|required|dependency|validator|verifier)$",
    re.I,
)
_KIND = re.compile(r"_(guard|checker|dependency|dep)$")
_SUPPLIES = re.compile(
    r"(service|repo|repository|manager|crud|dao|db|database|store|settings|config|factory|handler)s?$", re.I
)


_PUBLIC = re.compile(r"(^|_)(public|csrf|captcha)(_|$)")
"""What such a dependency looks at says nothing of who is calling."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A dependency that says who is calling.

    `name` is its last name as the project spells it, `parameter` the handler's parameter that gets what it returns
    (empty in a list of dependencies), `node` is missing when the callable itself is not in sight, `written` is where
    `Depends(...)` stands.
    """

    name: str
    parameter: str
    node: Node | None
    written: Place | None = None


def names_identity(name: str) -> bool:
    """Whether a dependency that cannot be looked into is named like one that says who is calling."""
    plain = snake(name)
    said = _IDENTITY.search(plain) or _IDENTITY.search(_KIND.sub("", plain))
    return said is not None and _SUPPLIES.search(plain) is None


def names_unseen_guard(name: str) -> bool:
    """Whether a function that is not in sight says by its dotted name that it finds out who is calling."""
    last = name.rpartition(".")[2]
    return last[:1].islower() and names_identity(last)


def guards(program: Program, route: Route) -> list[Guard]:
    """The dependencies of a route that authenticate its caller, schemes aside."""
    kept = _kept(program)
    if id(route) not in kept:
        kept[id(route)] = [*_seen(program, route), *_unseen(program, route)]
    return kept[id(route)]


@lru_cache(maxsize=1)
def _kept(program: Program) -> dict[int, list[Guard]]:
    return {}


def _seen(program: Program, route: Route) -> Iterator[Guard]:
    meetings = {meeting.name: meeting for meeting in reversed(program.guarding(route).meetings)}  # alternatives last
    for node in _asked_first(route):
        name = dependency_name(node)
        if scheme_of(node.call) is not None or node.alternative or _PUBLIC.search(snake(name)):
            continue
        meeting = meetings.get(node.name)
        may_refuse = meeting is not None and bool(meeting.opaque) and _SUPPLIES.search(snake(name)) is None
        refuses = meeting is not None and not meeting.blind and (meeting.junk == "denies" or may_refuse)
        opaque = isinstance(node.call, External) and not node.call.name.startswith(("fastapi.", "starlette."))
        if meeting is None:  # of a view, whose own meeting is that of all its fields
            refuses = program.guard_model.authenticates(node.call)
        if (refuses and (meeting is None or not meeting.optional)) or (opaque and names_identity(name)):
            yield Guard(name, node.parameter, node, node.written)


def _asked_first(route: Route) -> Iterator[Node]:
    """The dependencies of a route; those of a class-based view stand for the view, which only keeps what they give."""
    for node in route.dependencies:
        if isinstance(node.call, Class) and node.call.view_of is not None and node.runs is None:
            yield from (replace(child, parameter=node.parameter) for child in node.children)
        else:
            yield node


def dependency_name(node: Node) -> str:
    """The last part of a dependency's name; a closure is known by the function that makes it."""
    return node.name.partition(".<locals>.")[0].removesuffix("()").rpartition(".")[2]


def known_as(function: Function) -> str:
    """What people call a guard: a closure by the function that makes it, an object that FastAPI calls by its class."""
    return function.qualname.partition(".<locals>.")[0].removesuffix(".__call__").rpartition(".")[2]


def _unseen(program: Program, route: Route) -> Iterator[Guard]:
    """Dependencies whose callable is not in sight, known by how they are spelled."""
    if not any("dependency that could not be followed" in reason for _, reason in route.problems):
        return
    told: set[int] = set()
    for parameter in parameters(route.endpoint) if route.endpoint is not None else []:
        found = program.walker.resolver.dependency_of(parameter)
        if found is None or any(dotted_name(option) is not None for option in options(found[1])):
            continue
        place = found[0].place
        if place is not None and (name := spelled(place)) and names_identity(name):
            told.add(place.at)
            yield Guard(name, parameter.name, None, place)
    for place, reason in route.problems:
        if place.at not in told and "dependency that could not be followed" in reason:
            name = spelled(place)
            if name and names_identity(name):
                yield Guard(name, "", None, place)


def spelled(place: Place) -> str:
    """How the callable of the `Depends(...)` at a place is spelled, its last name only."""
    form = form_at(place)
    if form is None or form[0] != "call":
        return ""
    given = form[3] or [value for keyword, value, _ in form[4] if keyword == "dependency"]
    if not given:
        return ""
    inner: Form = given[0]
    while inner[0] == "call":
        inner = inner[2]
    return str(inner[-1]) if inner[0] in ("name", "attr") else ""


def is_authenticated(program: Program, route: Route) -> bool:
    """Whether a route asks who is calling, as far as can be seen or is said by the names of what cannot be seen."""
    return program.guarding(route).protection == "protected" or bool(guards(program, route))


def caller_names(program: Program, route: Route) -> set[str]:
    """The parameters of a handler that hold the caller; what a dependency loads by an id of the path is none."""
    return set(_callers(program, route))


@answered_once
def _callers(program: Program, route: Route) -> frozenset[str]:
    known = _filled_with_callers(program, route)
    return frozenset(known - _overwritten(route.function, known, variable_names(route)))


def replaced_callers(program: Program, route: Route) -> set[str]:
    """The parameters that come with the caller, and get what the path names before anything reads him."""
    return _overwritten(route.function, _filled_with_callers(program, route), variable_names(route))


def _filled_with_callers(program: Program, route: Route) -> set[str]:
    variables = variable_names(route)
    found = guards(program, route)
    known = {
        guard.parameter
        for guard in found
        if guard.parameter and not (guard.node is not None and _takes(guard.node, variables))
    }
    if not known and (not found or any(guard.node is None and not guard.parameter for guard in found)):
        known.update(_named_callers(route, variables))
        known.update(_refused_inside(program, route, variables))
        known.update(_assigned_callers(program, route))
    return known


def _overwritten(function: Function | None, names: set[str], variables: set[str]) -> set[str]:
    unread, found = set(names), set[str]()
    for statement in function.statements() if function is not None and names and variables else ():
        targets = statement[2] if statement[0] == "assign" else [statement[2]] if statement[0] == "annassign" else []
        given = {target[2] for target in targets if target[0] == "name"} & unread
        read = names_in(statement[3:] if given else statement)
        found |= given - read if read & variables else set()
        unread -= given | read
        if not unread:
            break
    return found


def guard_calls(program: Program, route: Route) -> list[Form]:
    """The calls in a handler that refuses strangers itself which find out who is calling: `require_member(request)`."""
    return [call for call, _ in called_guards(program, route)]


def called_guards(program: Program, route: Route) -> list[tuple[Form, Function | None]]:
    """These calls, each with the function of the project that it runs; None for one that is known by its name only."""
    handler = route.function
    calls = [form for form in handler.forms.of("call") if _may_be_guard(form)] if handler is not None else []
    if not calls or not any(
        item.name == route.name and item.junk == "denies" for item in program.guarding(route).meetings
    ):
        return []
    found = [(form, _guard_of(program, handler, form)) for form in calls if handler is not None]
    return [(form, guard) for form, guard in found if guard is not None or names_identity(str(form[2][-1]))]


def _may_be_guard(form: Form) -> bool:
    """Whether a call is given nothing, or the request."""
    given = arguments(form)
    handed = any(item[0] == "name" and item[2] in ("request", "websocket") for item in given)
    return (handed or not given) and form[2][0] in ("name", "attr")


def _guard_of(program: Program, handler: Function, call: Form) -> Function | None:
    """The function that a call without arguments runs, where that refuses strangers, whatever it is called."""
    if arguments(call) or call[2][0] != "name":
        return None
    for option in options(FunctionScope(program.interpreter, handler).ask(call[2])):
        if isinstance(option, Function) and option.number >= 0 and program.guard_model.authenticates(option):
            return option
    return None


def _assigned_callers(program: Program, route: Route) -> Iterator[str]:
    """The local names that hold what such a call gives."""
    calls = {form[1] for form in guard_calls(program, route)}
    for form in route.function.forms.of("assign") if calls and route.function is not None else ():
        value = form[3][2] if form[3][0] == "await" else form[3]
        if value[0] == "call" and value[1] in calls:
            yield from (target[2] for target in form[2] if target[0] == "name")


_CALLER = re.compile(r"(^|_)(users?|account|member|principal|me|caller|claims|identity)$")


def _named_callers(route: Route, variables: set[str]) -> Iterator[str]:
    """The parameters named after callers that dependencies fill, where a guard below them is not in sight or fails."""
    for node in route.dependencies:
        if node.parameter and _CALLER.search(snake(node.parameter)) and not _takes(node, variables):
            yield node.parameter


def _refused_inside(program: Program, route: Route, variables: set[str]) -> Iterator[str]:
    """The parameters that dependencies fill which let strangers in, whom the handler itself then turns away."""
    meetings = program.guarding(route).meetings
    if not any(item.name == route.name and "denies" in (item.missing, item.junk) for item in meetings):
        return
    optional = {item.name for item in meetings if item.optional}
    for node in route.dependencies:
        if node.parameter and node.name in optional and not _takes(node, variables):
            yield node.parameter


def _takes(node: Node, names: set[str]) -> bool:
    return any(item.name in names for item in parameters(node.call))


_PAGING = re.compile(r"^(page|page_size|page_number|per_page|items_per_page|limit|offset|skip|size)$")


def bundles(route: Route) -> set[str]:
    """The parameters that hold all that a listing is asked for, `common: CommonParameters`, the caller perhaps, too."""
    return {
        node.parameter
        for node in route.dependencies
        if node.parameter and node.function is not None
        if any(_PAGING.match(snake(item[0])) for item in node.function.parameters)
    }
