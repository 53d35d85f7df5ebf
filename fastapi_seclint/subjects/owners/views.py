"""Views that are classes: who is calling is an attribute of them, `self.current_user`, that a dependency fills.

What fills it is a class attribute (fastapi-utils `@cbv`) or a parameter of `__init__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.by_token import compares_by_token
from fastapi_seclint.subjects.owners.ties import compares_by_request, compares_named
from fastapi_seclint.subjects.owners.using import is_tied, knows_caller, tells_caller, ties_caller
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 3


def view_node(route: Route) -> Node | None:
    """The dependency that makes the object whose method handles a route; None for a plain handler.

    A class that depends on nothing has no caller either: its methods are handlers like others.
    """
    handler = route.function
    if handler is None or handler.owner is None or not handler.parameters:
        return None
    own = handler.parameters[0][0]
    return next((node for node in route.dependencies if node.parameter == own and node.children), None)


def uses_caller(program: Program, route: Route) -> bool:
    """Whether anything on a route's way uses the caller for what may decide."""
    view = view_node(route)
    if view is not None:
        return works_with_caller(program, route, view) or is_tied(program, route)
    tied = is_tied(program, route) or ties_caller(program, route) or compares_named(route)
    return tied or compares_by_request(program, route) or compares_by_token(program, route)


def works_with_caller(program: Program, route: Route, view: Node) -> bool:
    """Whether a method of a view, or what it calls, uses the caller, or something that was made for him.

    A method of the view that is not in sight may do anything.
    """
    handler = route.function
    if handler is None:
        return True
    callers = {child.parameter for child in view.children if child.parameter and tells_caller(program, child)}
    others = [child for child in view.children if child.parameter not in callers]
    if not callers or any(knows_caller(program, child) for child in others):
        return True
    functions = [function for function in reached(program, handler, _DEPTH) if function.owner is handler.owner]
    return any(_speaks_of(function, callers) or _calls_unseen(program, function) for function in functions)


def _speaks_of(function: Function, callers: set[str]) -> bool:
    own = function.parameters[0][0] if function.parameters else ""
    return any(form[3] in callers and form[2][0] == "name" and form[2][2] == own for form in function.forms.of("attr"))


def _calls_unseen(program: Program, function: Function) -> bool:
    """Whether a method calls another one of its own object that cannot be looked into, or hands the object on."""
    block = body_of(program, function)
    own = function.parameters[0][0] if function.parameters else ""
    for form in block.forms.of("call") if block is not None else ():
        if any(_is_own(item, own) for item in arguments(form)):
            return True
        unseen = block is not None and not list(called(program, block, form))
        if unseen and form[2][0] == "attr" and _is_own(form[2][2], own):
            return True
    return False


def _is_own(form: Form, own: str) -> bool:
    return bool(form[0] == "name" and form[2] == own)


def same_view(route: Route, other: Route | None) -> bool:
    """Whether two routes are handled by methods of one class."""
    one = route.function.owner if route.function is not None else None
    return other is not None and other.function is not None and isinstance(one, Class) and other.function.owner is one
