"""The fix of a handler that gets an object for logins and never asks it, where others do: `auth.jwt_required()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddParameter, Edit, InsertStatements
from fastapi_seclint.facts.forms import ASYNC, Form, span_of
from fastapi_seclint.program import credentials
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.owners.introducing import parameter_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asked_as_beside(program: Program, routes: list[Route]) -> Fix | None:
    """The call that a handler of the same file begins with which asks such an object, in the handler of the routes.

    A handler that is not given the object gets it as that one does.
    """
    handler = routes[0].function
    if handler is None or any(route.function is not handler or route.kind != "http" for route in routes):
        return None
    own = object_of(routes[0])
    beside = (other for other in program.routes if other.function is not None and other.function is not handler)
    for other in (one for one in beside if one.function is not None and one.function.module is handler.module):
        name = object_of(other)
        asked = _asks(other.function, name) if other.function is not None and name else None
        if asked is None or (asked[0] == "await" and not handler.flags & ASYNC):
            continue
        added: tuple[Edit, ...] = ()
        if not own:
            written = parameter_of(handler, other.function, name) if other.function is not None else None
            if written is None:
                return None
            added = (AddParameter(handler.module.path, span_of(handler.at), written),)
        called = f"{'await ' if asked[0] == 'await' else ''}{own or name}.{_REQUIRED}()"
        insert = InsertStatements(handler.module.path, span_of(handler.at), "first-in-body", called)
        return Fix(f"ask as {other.function.name if other.function is not None else ''} does", False, (*added, insert))
    return None


_REQUIRED = "jwt_required"
"""What fastapi_jwt_auth and those that took it up call the method that refuses."""


def object_of(route: Route) -> str:
    """The parameter of a handler for an object of a library whose methods refuse, an empty text for none."""
    for node in route.dependencies:
        if node.parameter and isinstance(node.call, External) and credentials.entry("object", node.call.name):
            return node.parameter
    return ""


def _asks(handler: Function, name: str) -> Form | None:
    """The call in a handler that refuses whoever brings no good token, awaited or not, as a statement of its own."""
    for form in handler.statements():
        match form:
            case ["expr", _, (["await", _, ["call", _, ["attr", _, ["name", _, root], method], [], []]] as asked)] | [
                "expr",
                _,
                (["call", _, ["attr", _, ["name", _, root], method], [], []] as asked),
            ] if root == name and method == _REQUIRED:
                return list(asked)
    return None
