"""Owners that code speaks of and that nothing in sight gives it, as when a line above was lost."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OWNER = re.compile(
    r"^(current_)?(org|organi[sz]ation|tenant|company|workspace|team|account|owner|user|customer|client|member)_"
    r"?(id|uuid|pk|slug)$"
)


def names_unknown_owner(program: Program, function: Function) -> bool:
    """Whether a function reads an id of an owner, `org_id`, under a name that nothing binds.

    It was meant to be the caller's, and whose it is cannot be told: such a route fails before it gives anything.
    """
    block = body_of(program, function)
    if block is None or not isinstance(block.scope, FunctionScope):
        return False
    scope = block.scope
    return any(
        _OWNER.match(snake(form[2]))
        and not scope.is_local(form[2])
        and block.module.scope.find(form[2]) is None
        and not hasattr(builtins, form[2])
        for form in block.forms.of("name")
    )
