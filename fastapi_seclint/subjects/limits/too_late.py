"""Limits of a decorator that count too late: a dependency has refused wrong passwords before the handler is called.

FastAPI calls a handler, and so what decorators put around it, once all of its dependencies have answered
(https://fastapi.tiangolo.com/tutorial/dependencies/); those of the route's own `dependencies=` come first of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import arguments
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, External
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
    return next((node.name.rpartition(".")[2] for node in asking if _refuses(program, node)), "")


def _refuses(program: Program, node: Node) -> bool:
    """Whether a dependency refuses by the password that it is sent, and keeps no count of failures itself."""
    function = node.function
    if function is None or not function.forms.of("raise") or reaches(program, function, failures=True):
        return False
    sent = {child.parameter for child in node.children if _brings(child)}
    handed = (item for form in function.forms.of("call") for item in arguments(form))
    whole = any(item[0] == "name" and item[2] in sent for item in handed)
    return not sent or whole or any(form[3] == "password" for form in function.forms.of("attr"))


def _brings(node: Node) -> bool:
    """Whether a dependency is what a client's password comes in: HTTP Basic, or the form of OAuth 2."""
    name = node.call.name if isinstance(node.call, External | Class) else ""
    return name == _BASIC or name.removesuffix("()").startswith(_FORM)
