"""What callers hand in for that which a function logs.

It is a secret under a name that says nothing, or none at all for all that its name says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed
from fastapi_seclint.subjects.leaks.bodies import body_leak
from fastapi_seclint.subjects.leaks.log_calls import message, pieces, written
from fastapi_seclint.subjects.leaks.log_helpers import is_there_to_log
from fastapi_seclint.subjects.leaks.logged_secrets import Leak, Leaks
from fastapi_seclint.subjects.wiring.dependencies import is_dependency
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def handed_in(program: Program, block: Block, call: Form) -> list[Leak]:
    """The secrets that a log call writes by the names of parameters for which every caller gives one.

    What is there to write logs is told of where it is called.
    """
    scope = block.scope
    function = scope.function if isinstance(scope, FunctionScope) else None
    if function is None or is_there_to_log(function) or not isinstance(scope, FunctionScope):
        return []
    names = [item[0] for item in function.parameters]
    parts = [part for whole in written(call) for part in _parts(block, whole)]
    return [
        Leak(what, part)
        for part in parts
        if part[0] == "name" and part[2] in names and not scope.assignments(part[2])
        if (what := _given(program, function, part[2]))
    ]


def is_harmless(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is a parameter that is named as a secret, and none where every caller has it by that name.

    Callers see what it is: what was cut out of something, or what stars stand in the place of. A caller that only hands
    its own parameter on is asked for its callers in turn, each once; what FastAPI calls is given whatever is sent.
    """
    pending, seen, shown = [(block, form)], {block.function}, False
    while pending:
        inner, name = pending.pop()
        scope = inner.scope
        if name[0] != "name" or not isinstance(scope, FunctionScope) or scope.assignments(name[2]):
            return False
        found = [*handed(program, scope.function, name[2])]
        if not found or is_handler(program, scope.function) or is_dependency(program, scope.function):
            return False
        for caller, given in found:
            if given[0] != "name" or given[2] != name[2] or caller.function is None:
                return False
            if Leaks(program, caller).of(given) is None:
                shown = True
            elif caller.function not in seen:
                seen.add(caller.function)
                pending.append((caller, given))
    return shown


def _parts(block: Block, whole: Form) -> Iterator[Form]:
    text = message(block, whole)
    yield from pieces(text) if text is not None else (whole,)


def _given(program: Program, function: Function, name: str) -> str:
    """What all callers give for a parameter; empty where one of them gives no secret."""
    found = []
    for caller, value in handed(program, function, name):
        if not program.is_test(caller.module):
            parts = [*_parts(caller, value)]
            leaks = (Leaks(program, caller).of(part) for part in parts)
            leak = next((leak for leak in leaks if leak is not None), None) or body_leak(program, caller, parts)
            if leak is None:
                return ""
            found.append(leak.what)
    return found[0] if found else ""
