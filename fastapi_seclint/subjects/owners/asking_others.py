"""Dictionaries of what was sent that get the caller as well, and out of which other functions read him again.

`data["owner_id"] = me.id`, and `owner_id = data.pop("owner_id")` in the function that gets `data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.uses import written_down

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asking_others(program: Program, function: Function) -> frozenset[str]:
    """The names of the dictionaries that a function writes, out of which what it calls reads what it put in there."""
    return frozenset(name for name in written_down(function) if _is_read(program, function, name))


def _is_read(program: Program, function: Function, name: str) -> bool:
    keys = {
        target[3][2]
        for form in function.forms.of("assign")
        for target in form[2]
        if target[0] == "sub" and target[2][2:] == [name] and target[3][0] == "const"
    }
    block = body_of(program, function)
    for call in function.forms.of("call") if block is not None and keys else ():
        if block is None:
            continue
        if any(keyword is None and value[2:] == [name] for keyword, value, _ in call[4]):
            taken = {item[0] for inner, _ in called(program, block, call) for item in inner.parameters}
            if taken & keys:
                return True
        for inner, given in handed_to(program, block, call, {name}):
            if any(_reads(inner, parameter, keys) for parameter in given):
                return True
    return False


def _reads(function: Function, parameter: str, keys: set[object]) -> bool:
    """Whether a function works with what stands under one of the keys; not one that only drops it."""
    dropped = {id(form[2]) for form in function.forms.of("expr")}
    written = {id(target) for form in function.forms.of("assign") for target in form[2]}
    return any(
        id(form) not in dropped | written and _key(form, parameter) in keys for form in function.forms.of("sub", "call")
    )


def _key(form: Form, parameter: str) -> object:
    """The key under which an expression reads out of a dictionary; an empty one for anything else."""
    match form:
        case ["sub", _, ["name", _, name], ["const", _, key]] if name == parameter:
            return key
        case ["call", _, ["attr", _, ["name", _, name], "get" | "pop"], [["const", _, key], *_], []] if (
            name == parameter
        ):
            return key
    return ""
