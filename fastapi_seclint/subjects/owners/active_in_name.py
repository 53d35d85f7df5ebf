"""Guards that are named after active users and only hand on the user that they get, and such as only note a closed one.

`def active_user(user = Depends(current_user)): return user`, and `if not user.is_active: print(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import mentions
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.activity import node_tests_activity
from fastapi_seclint.subjects.owners.identity import guards, known_as, names_identity
from fastapi_seclint.subjects.owners.states import speaks_of_state
from fastapi_seclint.subjects.owners.using import callers_of
from fastapi_seclint.subjects.rights.powerless import without_effect

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ACTIVE = ("active", "enabled")
_ASKING = frozenset(
    {*_ACTIVE, "require", "requires", "only", "ensure", "check", "must", "assert", "verify", "validate"}
)


def active_in_name(program: Program) -> Iterator[tuple[Route, Function]]:
    """Such guards, each with a route that relies on it: the test was never written, or taken out again."""
    told: set[int] = set()
    for route in program.routes:
        if route.kind != "http" or route.place is None or program.is_test(route.place.module):
            continue
        for guard in guards(program, route):
            for node in guard.node.walk() if guard.node is not None else ():
                function = node.function
                if function is None or id(function) in told:
                    continue
                if _is_empty(program, node, function) or _only_notes(program, node, function):
                    told.add(id(function))
                    yield route, function


def _is_empty(program: Program, node: Node, function: Function) -> bool:
    if any(node_tests_activity(program, inner) for inner in node.walk()):
        return False
    name = known_as(function)
    words = snake(name).split("_")
    if not any(word in words for word in _ACTIVE) or not (names_identity(name) or words[0] in _ASKING):
        return False
    statements = [form for form in function.statements() if form[0] not in ("expr", "pass")]
    callers = callers_of(program, node)
    given = statements[0][2] if len(statements) == 1 and statements[0][0] == "return" else None
    return given is not None and given[0] == "name" and given[2] in callers


def _only_notes(program: Program, node: Node, function: Function) -> bool:
    """Whether a guard that gives a user asks whether he is active, and goes on with him whatever the answer is."""
    idle = without_effect(program, function)
    asked = [form for form in function.forms.of("if") if id(form) in idle and speaks_of_state(form[2])]
    if not asked or any(node_tests_activity(program, inner) for inner in node.walk()):
        return False
    given = [form[2][2] for form in function.forms.of("return") if form[2] is not None and form[2][0] == "name"]
    return any(mentions(form[2], given) for form in asked)
