"""What code does with its caller: whether he decides anything, or is only known, logged or noted."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.implementations import has_no_body
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.owners.asking_others import asking_others
from fastapi_seclint.subjects.owners.credentialed import made_of_credentials
from fastapi_seclint.subjects.owners.identity import caller_names, dependency_name, names_identity
from fastapi_seclint.subjects.owners.late import changes_first
from fastapi_seclint.subjects.owners.left_callers import asks_left_caller
from fastapi_seclint.subjects.owners.services import ignores_caller, makes_unasked
from fastapi_seclint.subjects.owners.uses import CALLER, Follow, asks_the_request, uses
from fastapi_seclint.subjects.rights.powerless import without_effect

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ID = re.compile(r"(^|_)(id|uuid|pk|slug)$")


def ties_caller(program: Program, route: Route) -> bool:
    """Whether a handler uses the caller for more than a log, a greeting or a note who changed something.

    What it does with him when the object that the path names has been changed already decides nothing any more.
    """
    handler, ignoring = route.function, _ignoring(program, route)
    if handler is not None and not ignoring:
        handler = _works(program, handler, caller_names(program, route))
    if handler is None or asks_the_request(handler, ignoring) or asks_left_caller(program, route):
        return True
    filled = program.walker.resolver.dependency_of
    sent = frozenset(item.name for item in parameters(route.endpoint) if filled(item) is None) if route.endpoint else ()
    by_hand = made_of_credentials(handler)
    callers = caller_names(program, route) - ignoring | by_hand
    if _is_closed_over(handler, callers):
        return True
    variables = variable_names(route)
    always = {node.parameter for node in route.dependencies if not program.guard_model.meeting(route, node).optional}
    idle = without_effect(program, handler)
    present = by_hand | (callers & always)
    inside, asking = _inside(program, handler, sent, present), asking_others(program, handler)
    used = uses(handler, callers, sent, inside, present, idle, asking)
    asked = (callers - by_hand) & {form[2] for form in handler.forms.of("name")}  # one that is never read asks nothing
    return used and not _decides_too_late(program, handler, asked or callers, variables)


def _works(program: Program, handler: Function, callers: set[str]) -> Function:
    """The function that does a handler's work and knows its callers, no method of theirs: `notes.one(id)`."""
    inner = worker(program.interpreter, handler)
    read = callers & {form[2] for form in handler.forms.of("name")}
    return inner if read <= {parameter[0] for parameter in inner.parameters} else handler


def _is_closed_over(handler: Function, callers: set[str]) -> bool:
    """Whether a function that a handler defines, to run in a thread say, works with the caller."""
    facts = handler.module.facts
    inner = (form for number in facts.inside(handler.number) for form in facts.forms(number).of("name"))
    return any(form[2] in callers for form in inner)


def _ignoring(program: Program, route: Route) -> set[str]:
    """The parameters of a handler that hold a service of which it uses nothing that asks for the caller."""
    nodes = (node for node in route.dependencies if node.parameter)
    return {node.parameter for node in nodes if ignores_caller(program, route, node, callers_of(program, node))}


def _inside(
    program: Program, function: Function, sent: Collection[str] = (), present: Collection[str] = (), depth: int = 2
) -> Follow:
    """Tells of a call whether the functions of the project that get the caller use him; None where it may be others.

    What was `sent` is followed with him: looking him up alone decides nothing there either. Those who are `present`
    always are so there, too: whether there is one decides nothing.
    """
    block = body_of(program, function)

    def follow(call: Form, known: set[str]) -> bool | None:
        if id(call) in without_effect(program, function):
            return False  # nobody asks what it answers
        if block is not None and makes_unasked(program, block, call, known):
            return False
        handed = handed_to(program, block, call, known) if block is not None and depth else []
        if not handed or any(asks_the_request(inner) or has_no_body(inner) for inner, _ in handed):
            return None
        ids, sure = (
            {id(inner): given for inner, given in handed_to(program, block, call, set(names))} if block else {}
            for names in (sent, present)
        )
        return any(
            uses(
                inner,
                given,
                ids.get(id(inner), ()),
                _inside(program, inner, ids.get(id(inner), ()), sure.get(id(inner), ()), depth - 1),
                sure.get(id(inner), ()),
                without_effect(program, inner),
                asking_others(program, inner),
            )
            for inner, given in handed
        )

    return follow


def asks_too_late(program: Program, route: Route) -> bool:
    """Whether a handler asks something of its caller only when what the path names has been changed already."""
    handler = route.function
    if handler is None or asks_the_request(handler):
        return False
    callers = caller_names(program, route)
    return bool(callers) and _decides_too_late(program, handler, callers, variable_names(route))


def _decides_too_late(program: Program, handler: Function, callers: set[str], variables: set[str]) -> bool:
    """Whether a handler, or the one function to which it hands caller and id, changes things before it asks."""
    if changes_first(handler, callers, variables):
        return True
    block = body_of(program, handler)
    calls = [form for form in block.forms.of("call") if mentions(form, callers)] if block is not None else []
    if block is None or len(calls) != 1 or sum(form[2] in callers for form in handler.forms.of("name")) != 1:
        return False
    ids = {id(inner): given for inner, given in handed_to(program, block, calls[0], variables)}
    handed = [pair for pair in handed_to(program, block, calls[0], callers) if not has_no_body(pair[0])]
    return bool(handed) and all(
        id(inner) in ids and changes_first(inner, given, ids[id(inner)]) for inner, given in handed
    )


@answered_once
def is_tied(program: Program, route: Route) -> bool:
    """Whether a dependency gets an id of the path and knows the caller, or looks at the path by itself."""
    variables = variable_names(route)
    for node in route.nodes():
        function = node.function
        if function is None:
            continue
        if function.module.facts.words & {"path_params", "path_param"} and any(
            form[0] == "attr" and form[3] == "path_params" for form in function.forms.every
        ):
            return True
        taking = takes_id(node, variables, callers_of(program, node))
        if taking and knows_caller(program, node) and _may_decide(program, route, node, function):
            return True
    return any(is_scoped(program, route, node) for node in route.dependencies)


def is_scoped(program: Program, route: Route, node: Node) -> bool:
    """Whether a handler works with something that a dependency made for the caller: `NoteRepository(owner=me.id)`."""
    function, handler = node.function, route.function
    if function is None or handler is None or not node.parameter or tells_caller(program, node):
        return False
    callers = callers_of(program, node)
    if not callers or not uses(function, callers) or ignores_caller(program, route, node, callers):
        return False
    return any(form[0] == "name" and form[2] == node.parameter for form in handler.forms.every)


def takes_id(node: Node, variables: set[str], callers: Collection[str] = ()) -> bool:
    """Whether a dependency takes an id: one of these variables of the path, or a parameter that is named like one.

    The id of the caller, in a parameter among `callers`, is none. What it gets from another dependency that takes a
    variable of the path is picked by that.
    """
    found = [item.name for item in parameters(node.call) if item.name not in callers]
    if any(name in variables or _ID.search(name) for name in found):
        return True
    below = (child for child in node.children if child.parameter in found)
    return any(item.name in variables for child in below for one in child.walk() for item in parameters(one.call))


def _may_decide(program: Program, route: Route, node: Node, function: Function) -> bool:
    """Whether a dependency does anything with the caller that it gets; one that finds him out itself is believed."""
    callers = callers_of(program, node)
    if not callers or asks_the_request(function):
        return True
    always = {child.parameter for child in node.children if not program.guard_model.meeting(route, child).optional}
    present = callers & always
    inside = _inside(program, function, (), present)
    return uses(function, callers, (), inside, present, without_effect(program, function))


def callers_of(program: Program, node: Node) -> set[str]:
    """The parameters of a dependency that another one fills with the caller."""
    found = {child.parameter for child in node.children if child.parameter and tells_caller(program, child)}
    filled = program.walker.resolver.dependency_of
    found.update(
        item.name for item in parameters(node.call) if CALLER.search(snake(item.name)) and filled(item) is not None
    )
    return found


def tells_caller(program: Program, node: Node) -> bool:
    """Whether a dependency says who is calling, by what it does or by its name."""
    return names_identity(dependency_name(node)) or program.guard_model.authenticates(node.call)


def knows_caller(program: Program, node: Node) -> bool:
    """Whether this dependency, or one that it depends on, finds out who is calling."""
    if program.guard_model.authenticates(node.call):
        return True
    if any(names_identity(dependency_name(child)) for child in node.walk() if child is not node):
        return True
    return bool(callers_of(program, node))
