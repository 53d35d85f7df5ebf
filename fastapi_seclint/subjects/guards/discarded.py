"""Calls whose answer nobody looks at, of functions that say no by what they return: `verify(token)` on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def thrown_away(program: Program, function: Function) -> set[int]:
    """The places of such calls in a function: their value is dropped or gets a name that nothing reads.

    Only functions of the project count that raise nothing themselves; an error of a library that they catch decides
    nothing either.
    """
    block = body_of(program, function)
    found: set[int] = set()
    for form in block.forms.of("expr", "assign") if block is not None else ():
        value: Form = form[2] if form[0] == "expr" else form[3]
        while value is not None and value[0] == "await":
            value = value[2]
        if block is None or value is None or value[0] != "call":
            continue
        if form[0] == "assign" and not all(_is_unread(function, target) for target in form[2]):
            continue
        functions = [item for item, _ in called(program, block, value)]
        if functions and not any(_may_refuse(program, item) for item in functions):
            found.add(value[1])
    return found


def _is_unread(function: Function, target: Form) -> bool:
    return target[0] == "name" and not any(
        form[2] == target[2] and form[1] != target[1] for form in function.forms.of("name")
    )


def _may_refuse(program: Program, function: Function) -> bool:
    """Whether a function, or one that it calls, raises, or lets an error of a library through."""
    if any(form[0] == "raise" for one in reached(program, function, 3) for form in one.forms.of("raise")):
        return True
    return not any(form[3] for form in function.forms.of("try"))
