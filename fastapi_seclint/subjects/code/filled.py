"""Calls of a library in a function as its callers fill them: `def context(*schemes): return Context(schemes)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.expressions import arguments
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.interpreter import BudgetSpent
from fastapi_seclint.program.parameters import bind_parameters
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import Arguments, Instance
from fastapi_seclint.subjects.code.origins import callers, is_parameter

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MOST = 20


def filled(program: Program, call: Call) -> Iterator[tuple[Call, Block, Form]]:
    """A call with its function's parameters as each caller gives them, and that caller: block and call.

    Nothing for a call that hands no parameter on.
    """
    function = call.block.function
    given = walk([call.whole[3], [value for _, value, _ in call.whole[4]]])
    if function is None or not any(item[0] == "name" and is_parameter(call.block, item[2]) for item in given):
        return
    for number, (outer, form, bound) in enumerate(callers(program, function)):
        if number >= _MOST or program.is_test(outer.module):
            continue
        names = Scope(function.module, "function", function.scope)
        try:
            with program.interpreter.asking():
                passed = arguments(program.interpreter, form, outer.scope)
        except BudgetSpent:
            continue
        own = [Instance(function.owner)] if bound and function.owner is not None else []
        bind_parameters(function, Arguments([*own, *passed.positional], passed.keywords, passed.open), names)
        scope = FunctionScope(program.interpreter, function, assume=names.names)
        block = Block(call.block.module, function, scope, call.block.number)
        yield replace(call, block=block), outer, form
