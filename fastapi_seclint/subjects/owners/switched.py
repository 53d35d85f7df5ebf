"""Guards that refuse closed accounts unless they are told not to: `Depends(CurrentUser(allow_closed=True))`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Const, Instance, options
from fastapi_seclint.subjects.owners.identity import Guard, guards
from fastapi_seclint.subjects.owners.states import speaks_of_state

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def switched_off(node: Node) -> bool:
    """Whether a guard is an object that was made so that each of its tests of an account's state is skipped."""
    function, guard = node.function, node.call
    if function is None or not isinstance(guard, Instance) or not function.parameters:
        return False
    own = function.parameters[0][0]
    tests = [form for form in function.forms.of("if") if speaks_of_state(form[2])]
    around = [form for form in function.forms.of("if") if _is_off(guard, form[2], own)]
    refusing = [form for form in tests if any(inner[0] == "raise" for inner in walk(form[3:]))]
    return bool(refusing) and all(
        any(form is outer or any(inner is form for inner in walk(outer[3])) for outer in around)
        or all(_is_off(guard, one, own) for one in _alternatives(form[2]) if speaks_of_state(one))
        for form in refusing
    )


def _alternatives(test: Form) -> list[Form]:
    """The conditions of which one is enough: `user is None` and `self.strict and user.closed` of both with `or`."""
    return list(test[3]) if test[0] == "bool" and test[2] == "or" else [test]


def _is_off(guard: Instance, test: Form, own: str) -> bool:
    """Whether a condition needs an attribute of the guard that has the other value."""
    for atom in test[3] if test[0] == "bool" and test[2] == "and" else [test]:
        wanted = not (atom[0] == "unary" and atom[2] == "not")
        inner = atom if wanted else atom[3]
        if inner[0] == "attr" and inner[2][0] == "name" and inner[2][2] == own:
            kept = list(options(guard.attributes.get(inner[3])))
            if kept and all(isinstance(item, Const) and bool(item.value) is not wanted for item in kept):
                return True
    return False


def switched(program: Program) -> Iterator[tuple[Route, Guard]]:
    """The routes with such a guard, tests aside."""
    for route in program.routes:
        if route.place is not None and not program.is_test(route.place.module):
            found = (guard for guard in guards(program, route) if guard.node is not None and switched_off(guard.node))
            yield from ((route, guard) for guard in list(found)[:1])
