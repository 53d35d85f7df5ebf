"""The guard of a project that gives None to visitors, beside the one that sends them away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.callables import Parameter
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.values import Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.guards.access import changes_state, is_admin_like
from fastapi_seclint.subjects.guards.carriers import carriers_of
from fastapi_seclint.subjects.guards.swapping import swapped
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def for_visitors(program: Program, function: Function, parameter: Parameter, guard: Function) -> Fix | None:
    """The guard that a parameter depends on replaced by the one that gives None, where the project has one such.

    Only of a handler whose routes read: strangers are not to change what a guard has kept from them so far, though
    `user.name if user else "?"` goes on without one.
    """
    routes = [route for route in program.routes if route.function is function]
    if not routes or any(changes_state(route) or is_admin_like(route.path) for route in routes):
        return None
    found = program.walker.resolver.dependency_of(parameter)
    written = found[0].place if found is not None else None
    others = list(_giving_none(program, guard))
    if written is None or len(others) != 1:
        return None
    edits = swapped(program, written, others[0])
    return Fix(f"depend on {others[0].name}, which gives None to visitors", False, edits) if edits else None


def _giving_none(program: Program, guard: Function) -> Iterator[Function]:
    """The functions that look where a guard looks, and let visitors pass as nobody."""
    read = carriers_of(program, guard)
    for module in program.modules.by_file.values():
        if program.is_test(module) or not module.facts.words & {"Depends", "Security"}:
            continue
        for value in list(module.scope.names.values()):
            for option in options(value):
                if not isinstance(option, Function) or option.module is not module or option is guard:
                    continue
                if option.number < 0 or is_handler(program, option) or not _gives_nobody(option):
                    continue
                if read and carriers_of(program, option) == read:
                    answer = program.guard_model.dependencies.encounter(option, Stranger(False))
                    if verdict(answer) != "denies":
                        yield option


def _gives_nobody(function: Function) -> bool:
    given = (form[2] for form in function.forms.of("return") if form[2] is not None)
    found = any(form[0] == "const" and form[2] is None for value in given for form in walk(value))
    told = walk(function.returns) if function.returns is not None else ()
    optional = any((form[0] == "const" and form[2] is None) or form[-1] == "Optional" for form in told)
    return found and (optional or function.returns is None)
