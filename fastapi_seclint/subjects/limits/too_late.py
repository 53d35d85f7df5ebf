"""Limits of a decorator that count too late: a dependency has refused wrong passwords before the handler is called.

FastAPI calls a handler, and so what decorators put around it, once all of its dependencies have answered
(https://fastapi.tiangolo.com/tutorial/dependencies/); those of the route's own `dependencies=` come first of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import arguments, last_name, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, External, Function
from fastapi_seclint.subjects.limits.limiters import limited, reaches

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_BASIC = "fastapi.security.http.HTTPBasic()"
_FORM = "fastapi.security.oauth2.OAuth2PasswordRequestForm"


def refused_before_counted(program: Program, route: Route) -> str:
    """The dependency that refuses wrong passwords before the limit of a handler's decorator counts; empty for none."""
    if not limited(program, route, failures=True) or limited(program, route, failures=True, decorated=False):
        return ""
    asking = (node for node in route.dependencies if any(_brings(inner) for inner in node.walk()))
    return next((node.name.rpartition(".")[2] for node in asking if _refuses(program, route, node)), "")


def _refuses(program: Program, route: Route, node: Node) -> bool:
    """Whether a dependency refuses for what the password is, and keeps no count of failures itself."""
    if route.function is not None and node.parameter and _looks_at_password(route.function, set()):
        return False  # it only brings it to the handler
    functions = [(inner.function, inner) for inner in node.walk() if inner.function is not None]
    if any(reaches(program, function, failures=True) for function, _ in functions):
        return False
    return any(
        bool(function.forms.of("raise"))
        and _looks_at_password(function, {child.parameter for child in inner.children if _brings(child)})
        for function, inner in functions
    )


def _looks_at_password(function: Function, brought: set[str]) -> bool:
    """Whether a function does more with the password than to measure it, or hands on what it came in."""
    calls = function.forms.of("call")
    measured = {id(inner) for call in calls if last_name(call[2]) == "len" for inner in walk(call)}
    if any(form[3] == "password" and id(form) not in measured for form in function.forms.of("attr")):
        return True
    handed = (item for call in calls if id(call) not in measured for item in arguments(call))
    return any(item[0] == "name" and item[2] in brought for item in handed)


def _brings(node: Node) -> bool:
    """Whether a dependency is what a client's password comes in: HTTP Basic, or the form of OAuth 2."""
    name = node.call.name if isinstance(node.call, External | Class) else ""
    return name == _BASIC or name.removesuffix("()").startswith(_FORM)
