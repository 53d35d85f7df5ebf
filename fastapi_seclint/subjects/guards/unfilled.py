"""Guards of which somebody wrote the name and not the body: `require_permission("billing")` that refuses nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.rights.words import names_check_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAVING = ("raise", "assert", "yield", "with", "try", "if", "while")
_PLAIN = frozenset({"dict", "set", "list", "str"})


def unfilled_guard(program: Program, route: Route) -> str:
    """The name of a dependency that says that it asks for rights and looks at nothing, or an empty string."""
    for node in route.nodes(alternatives=False):
        function = node.function
        if function is None or function.number < 0 or program.is_test(function.module):
            continue
        made = [part for part in function.dotted.split(".") if part != "<locals>"][-2:]
        named = next((name for name in reversed(made) if names_check_of_rights(name)), "")
        if named and _looks_at_nothing(function):
            return named
    return ""


def _looks_at_nothing(function: Function) -> bool:
    """Whether a function goes straight on to its end, calls nothing that may refuse, and no decorator asks for it."""
    if function.forms.of(*_LEAVING) or function.decorators:
        return False
    calls = function.forms.of("call")
    return all(logs(call) or (call[2][0] == "name" and last_name(call[2]) in _PLAIN) for call in calls)
