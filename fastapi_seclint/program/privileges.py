"""Who of the guards of a route also looks at privileges, and who limits how often it is called."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import FileFacts
from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.statuses import LIMIT_REACHED
from fastapi_seclint.program.values import External, Function, options

if TYPE_CHECKING:
    pass


def _limits(function: Function) -> bool:
    """Whether a function's body answers 429 somewhere."""
    if function.number < 0:
        return False
    facts = function.module.facts
    return any(facts.body_mentions(number, word) for number in _own_numbers(function) for word in _TOO_MANY)


_TOO_MANY = (b",429]", *(f'"{name}"'.encode() for name in sorted(LIMIT_REACHED)))


def _own_numbers(function: Function) -> list[int]:
    return [function.number, *function.module.facts.inside(function.number)]


@cache
def _body_compares_privilege(facts: FileFacts, number: int) -> bool:
    """Whether a function's body refuses on a condition about roles, permissions, scopes or owners, or enforces one."""
    if not facts.body_mentions(number, b'["raise"') or not facts.body_speaks(number, credentials.PRIVILEGE_IN_TEXT):
        return False
    pending = list(facts.body(number))
    while pending:
        form = pending.pop()
        if form[0] == "if" and _speaks_of_privilege(form[2]) and _refuses(form[2], [*form[3], *form[4]]):
            return True
        if form[0] == "expr" and any(_is_enforcement(inner) for inner in walk(form)):
            return True
        pending.extend(inner for block in blocks(form) for inner in block)
    return False


def _compares_privilege(function: Function) -> bool:
    """Whether a function, or one that it defines, refuses for want of a role, permission, scope or ownership."""
    if function.number < 0:
        return False
    facts = function.module.facts
    return any(_body_compares_privilege(facts, number) for number in _own_numbers(function)[:6])


def _is_enforcement(form: Form) -> bool:
    return form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("authorize", "enforce") and len(form[3]) >= 2


def _speaks_of_privilege(test: Form) -> bool:
    for form in walk(test):
        if form[0] == "attr" and credentials.names_privilege(form[3]):
            return True
        if form[0] in ("name", "const") and isinstance(form[2], str) and credentials.names_privilege(form[2]):
            return True
        if form[0] == "compare" and _compares_owner(form):
            return True
    return False


def _compares_owner(form: Form) -> bool:
    """`item.user_id != user.id`: an attribute of one object against the identity of another."""
    sides = [form[2], *form[4]]
    ids = [
        side
        for side in sides
        if side[0] == "attr" and (side[3] == "id" or side[3].endswith(("_id", "email", "username")))
    ]
    return len(ids) == 2 and len(sides) == 2


def _refuses(test: Form, statements: list[Form]) -> bool:
    """Whether statements refuse a caller, and do not just say that what he sent is wrong or a thing not there."""
    pending = list(statements)
    while pending:
        form = pending.pop()
        if form[0] == "raise" and not _is_about_a_thing(test, form):
            return True
        pending.extend(inner for block in blocks(form) for inner in block)
    return False


def _is_about_a_thing(test: Form, raised: Form) -> bool:
    """`if not role: raise HTTPException(404)`, `if roles.named(name): raise HTTPException(409)`."""
    told = {item[-1] for item in walk(raised) if item[0] in ("const", "attr", "name")}
    if any(_compares_owner(form) for form in walk(test) if form[0] == "compare"):
        return False
    if told & _MISSING:
        while test[0] == "unary" or (test[0] == "compare" and test[4] and test[4][0][2:] == [None]):
            test = test[3] if test[0] == "unary" else test[2]
        return bool(test[0] == "name")
    return bool(told & _WRONG)


_MISSING = frozenset({404, 410, "HTTP_404_NOT_FOUND", "HTTP_410_GONE", "NOT_FOUND", "GONE"})
_WRONG = frozenset(
    {
        400, 409, 422, "HTTP_400_BAD_REQUEST", "HTTP_409_CONFLICT", "HTTP_422_UNPROCESSABLE_ENTITY", "BAD_REQUEST",
        "HTTP_422_UNPROCESSABLE_CONTENT", "CONFLICT", "UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT",
    }
)  # fmt: skip


def authorizes(declared: Declared, node: Node) -> bool:
    """Whether a dependency compares roles, permissions, scopes or owners and refuses."""
    if declared.authorizes(node.name):
        return True
    if isinstance(node.call, External):
        row = credentials.entry("guard", node.call.name)
        wanted = row.get("authorizes", False) if row is not None else False
        given = node.call.arguments.keywords if node.call.arguments is not None else {}
        return wanted if isinstance(wanted, bool) else any(name in given for name in wanted)
    function = node.function
    return function is not None and _compares_privilege(function)


def authorizing(declared: Declared, route: Route) -> list[str]:
    """Names of the guards of a route that look at roles, permissions, scopes or owners."""
    names = [node.name for node in route.nodes(alternatives=False) if authorizes(declared, node)]
    for decorator, _ in wrapping_decorators(route):
        function = decorator if isinstance(decorator, Function) else None
        if function is not None and _compares_privilege(function):
            names.append(function.dotted)
    handler = route.function
    if handler is not None and _compares_privilege(handler):
        names.append(handler.dotted)
    return names


def limits(declared: Declared, node: Node) -> bool:
    """Whether a dependency limits how often it lets a caller pass."""
    function = node.function
    known = isinstance(node.call, External) and credentials.entry("limiter", node.call.name) is not None
    return known or declared.limits(node.name) or (function is not None and _limits(function))


def limiting(declared: Declared, route: Route) -> list[str]:
    """Names of what limits how often a route is called."""
    names = [node.name for node in route.nodes(alternatives=False) if limits(declared, node)]
    for decorator, _ in wrapping_decorators(route):
        name = dotted_name(decorator)
        if isinstance(decorator, External) and credentials.entry("limiter", decorator.name) is not None:
            names.append(decorator.name)
        elif name is not None and declared.limits(name):
            names.append(name)
        elif isinstance(decorator, Function) and _limits(decorator):
            names.append(name or "?")
    for layer in route.app.layers:
        for option in options(layer.what):
            row = credentials.entry("middleware", option.name) if isinstance(option, External) else None
            if row is not None and row.get("limits"):
                names.append(option.name if isinstance(option, External) else "?")
    return names
