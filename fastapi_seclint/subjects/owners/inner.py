"""The inner one of two ids in a path, `/folders/{folder_id}/files/{file_id}`, where only the outer one is guarded.

Who may open one folder names the file of another there (OWASP API1:2023, broken object level authorization).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, mentions, walk
from fastapi_seclint.program.callables import dotted_name, parameters, running
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.routes import Route, path_variables, taken_as, variable_names
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, Value, options
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.belongings import columns
from fastapi_seclint.subjects.owners.identity import caller_names, dependency_name, names_identity
from fastapi_seclint.subjects.owners.notes import ATTRIBUTION, logs
from fastapi_seclint.subjects.owners.records import field_names
from fastapi_seclint.subjects.owners.same_right import is_for_administrators, looks_up
from fastapi_seclint.subjects.owners.things import resource_of
from fastapi_seclint.subjects.owners.using import callers_of, is_scoped, knows_caller
from fastapi_seclint.subjects.rights.roles import asked_before

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEY = re.compile(r"_?(id|uuid|pk|slug)$")
_CALLER = re.compile(r"(^|_)(user|account|member|principal|caller|claims|identity)(_id)?$")
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Inner:
    """A thing that a route picks by `variable` alone, while `guard` only looks at `outer`."""

    thing: str
    variable: str
    outer: str
    guard: str


def inner_id(program: Program, route: Route) -> Inner | None:
    """The inner id of a path that nothing ties to the outer one, which a guard asks the caller's rights for.

    Things of that kind have the outer id among their fields, so that it could be asked for as well; so have those whose
    parts a route picks by the inner one, `where(Comment.issue_id == issue_id)`.
    """
    handler = route.function
    variables = [taken_as(handler, name) for name in path_variables(route.path)]
    thing, variable = resource_of(route)
    if len(variables) < 2 or handler is None or route.kind != "http" or variable != variables[-1]:
        return None
    if all(parameter[0] != variable for parameter in handler.parameters):
        return None
    block = body_of(program, handler)
    guards = list(_guards(program, route))
    if block is None or any(looks_up(guard, variable) for guard, _ in guards):
        return None
    found = next(
        (
            (outer, name)
            for outer in reversed(variables[:-1])
            for name in (
                *_guarding(guards, outer),
                *_asked_inside(program, route, block, outer),
                *_asked_here(program, route, block, outer),
            )
        ),
        None,
    )
    if found is None or _is_for_administrators(program, route, found[0]) or _is_tied(program, route, handler, variable):
        return None
    outer = {name for each in variables[:-1] for name in (each, _KEY.sub("", each))} - {""}
    kept = {variable, *outer} if outer & columns(program, _KEY.sub("", snake(variable))) else outer
    for call in _picking(block, variable):
        if any(kept & set(field_names(cls)) for cls in _looked_up(program, block, call, {variable}, _DEPTH)):
            return Inner(_KEY.sub("", snake(variable)) or thing, variable, *found)
    return None


def _guards(program: Program, route: Route) -> Iterator[tuple[Value, str]]:
    """What refuses on a route's way before its handler runs and knows the caller, with its name."""
    for decorator, _ in wrapping_decorators(route):
        function = running(decorator)
        if function is not None and function.number >= 0 and _refuses(function) and _speaks_of_caller(function):
            name = (dotted_name(decorator) or function.qualname).partition(".<locals>.")[0]
            yield decorator, name.removesuffix("()").rpartition(".")[2]
    for node in route.nodes():
        if node.function is not None and _refuses(node.function) and knows_caller(program, node):
            yield node.call, dependency_name(node)


def _guarding(guards: list[tuple[Value, str]], outer: str) -> Iterator[str]:
    yield from (name for guard, name in guards if looks_up(guard, outer))


def _asked_inside(program: Program, route: Route, block: Block, outer: str) -> Iterator[str]:
    """The functions that refuse and get the caller and the outer id of a handler: `ensure_member(project_id, me)`."""
    callers = caller_names(program, route)
    for call in block.forms.of("call") if callers else ():
        if mentions(call, {outer}) and mentions(call, callers) and not _only_tells(call):
            for function, _ in handed_to(program, block, call, {outer}):
                if _refuses(function) or _is_refused_by(block, call):
                    yield function.name


def _asked_here(program: Program, route: Route, block: Block, outer: str) -> Iterator[str]:
    """Whether a handler itself holds the caller against what the outer id picks, and refuses.

    `found = db.get(Project, project_id)`, then `if found.owner_id != me.id: raise`; or it looks up by both, and refuses
    where nothing is there.
    """
    callers = caller_names(program, route)
    given = [(form, _names_in(form)) for form in block.forms.of("assign") if callers and mentions(form[3], {outer})]
    loaded = {name for _, names in given for name in names}
    found = {name for form, names in given if mentions(form[3], callers) for name in names}
    tests = [form[2] for form in block.forms.of("if") if any(item[0] == "raise" for item in form[3])] if given else []
    if any(mentions(test, found) or (mentions(test, loaded) and mentions(test, callers)) for test in tests):
        yield "the handler"


def _is_refused_by(block: Block, call: Form) -> bool:
    """Whether a handler refuses by what a call gives: `role = role_in(team_id, me)`, `if role != "owner": raise`."""
    assigned = [form for form in block.forms.of("assign") if any(item is call for item in walk(form[3]))]
    names = {name for form in assigned for name in _names_in(form)}
    tests = (form for form in block.forms.of("if") if any(item[0] == "raise" for item in form[3]))
    return any(mentions(form[2], names) or any(item is call for item in walk(form[2])) for form in tests)


def _all_of(function: Function) -> Iterator[Form]:
    """The forms of a function, of those around it and of all that they define."""
    facts, outermost = function.module.facts, function.number
    while facts.functions[outermost][2] >= 0:
        outermost = facts.functions[outermost][2]
    pending = [outermost]
    while pending:
        number = pending.pop()
        yield from facts.forms(number).every
        pending += facts.inside(number)


def _refuses(function: Function) -> bool:
    return any(form[0] == "raise" for form in _all_of(function))


def _speaks_of_caller(function: Function) -> bool:
    texts = (form[-1] for form in _all_of(function) if form[0] in ("name", "attr", "const"))
    return any(isinstance(text, str) and _CALLER.search(snake(text)) for text in texts)


def _is_for_administrators(program: Program, route: Route, outer: str) -> bool:
    """Whether another guard lets only those pass who may reach everything: none by which the first one decides."""
    by_it = [inner for node in route.dependencies if looks_up(node.call, outer) for inner in node.walk()]
    known = {id(inner) for inner in by_it}
    alone = {id(node.call) for node in route.nodes() if id(node) not in known}
    means = {id(node.call) for node in by_it} - alone
    others = (guard for guard in asked_before(program, route) if not looks_up(guard, outer) and id(guard) not in means)
    return any(is_for_administrators(program, guard) for guard in others)


def _is_tied(program: Program, route: Route, handler: Function, variable: str) -> bool:
    """Whether a handler does anything with the thing and its caller, or with the thing and what holds it."""
    others = caller_names(program, route) | variable_names(route) - {variable}
    for node in route.dependencies:
        taken = {item.name for item in parameters(node.call)}
        if variable in taken:
            return True
        if node.parameter and (taken & others or callers_of(program, node) or is_scoped(program, route, node)):
            others.add(node.parameter)
    things = {variable}
    for form in handler.forms.every:
        if form[0] in ("assign", "annassign", "for") and _names_in(form):
            given = form[-1] if form[0] != "for" else form[3]
            both = (mentions(given, things), mentions(given, others)) if given is not None else (False, False)
            things |= _names_in(form) if both[0] else set()
            others |= _names_in(form) if both[1] else set()
    return any(
        mentions(form, things) and mentions(_without_notes(form), others)
        for form in handler.forms.of("call", "compare", "sub", "comp", "for")
        if form[0] != "call" or not _only_tells(form)
    )


def _without_notes(form: Form) -> Form:
    """A call without what it only notes about who made it: `approve(request_id, approved_by=me.email)`."""
    if form[0] != "call":
        return form
    return [*form[:4], [item for item in form[4] if item[0] is None or not ATTRIBUTION.search(item[0])]]


def _names_in(form: Form) -> set[str]:
    targets = form[2] if form[0] == "assign" else [form[2]]
    return {item[2] for target in targets for item in walk(target) if item[0] == "name"}


def _only_tells(call: Form) -> bool:
    """Whether a call writes a log or makes an exception."""
    return logs(call) or re.search(r"(Exception|Error)$", last_name(call[2])) is not None


def _picking(block: Block, variable: str) -> Iterator[Form]:
    """The calls that get the inner id, as it is or converted."""
    for form in block.forms.of("call"):
        given = arguments(form)
        if not _only_tells(form) and any(mentions(item, {variable}) for item in given):
            yield form


def _looked_up(program: Program, block: Block, call: Form, names: set[str], depth: int) -> Iterator[Class]:
    """The classes that a call, or a function of the project that it hands the id to, speaks of."""
    for item in walk(call):
        if item[0] in ("name", "attr") and str(item[-1])[:1].isupper():
            yield from (option for option in options(ask(program, block, item)) if isinstance(option, Class))
    for function, given in handed_to(program, block, call, names) if depth else ():
        body = body_of(program, function)
        if body is None or any(names_identity(last_name(form[2])) for form in body.forms.of("call")):
            continue
        for form in body.forms.of("call"):
            if mentions(form, given):
                yield from _looked_up(program, body, form, given, depth - 1)
