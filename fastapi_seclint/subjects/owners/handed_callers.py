"""The fix of a missing check of ownership in a method that only one handler calls: it is handed the owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddParameter, SetKeyword
from fastapi_seclint.facts.forms import Form, named_arguments, span_of
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called, callers
from fastapi_seclint.subjects.code.rendering import rendered

if TYPE_CHECKING:
    from fastapi_seclint.edits import Edit
    from fastapi_seclint.program import Program


def taking(program: Program, handler: Function, variable: str) -> tuple[Function, str, Form] | None:
    """What a handler hands its id to and nobody else calls, the parameter that gets the id, and the call."""
    block = body_of(program, handler)
    for call in block.forms.of("call") if block is not None else ():
        place = next((number for number, item in enumerate(call[3]) if item[2:] == [variable]), None)
        keyword = next((name for name, value, _ in call[4] if value[2:] == [variable] and name is not None), "")
        found = list(called(program, block, call)) if block is not None and (place is not None or keyword) else []
        if len(found) != 1:
            continue
        function, bound = found[0]
        names = [item[0] for item in function.parameters][1 if bound else 0 :]
        name = keyword or (names[place] if place is not None and place < len(names) else "")
        others = [one for where, one, _ in callers(program, function) if not program.is_test(where.module)]
        if name in names and len(others) == 1 and others[0][1] == call[1]:
            return function, name, call
    return None


def given_as(function: Function, call: Form, caller: str) -> str:
    """The parameter by which a function is given the caller himself already; empty where it is not."""
    names = [item[0] for item in function.parameters]
    names = names[1:] if function.owner is not None and function.kind != "static" else names
    given = named_arguments(call, names)
    return next((name for name, value in given if name in names and value[0] == "name" and value[2] == caller), "")


def handed(
    program: Program, handler: Function, function: Function, call: Form, name: str, value: str
) -> tuple[Edit, ...]:
    """The edits by which a function takes what its caller gives it, as its last parameter.

    It is annotated as a parameter of the same name is in another function of the file.
    """
    module = function.module
    others = (program.sites.function(module, number) for number in range(len(module.facts.functions)))
    alike = (item[2] for other in others if other is not None for item in other.parameters if item[0] == name)
    annotation = next((text for form in alike if form is not None and (text := rendered(form)) is not None), "")
    return (
        AddParameter(function.module.path, span_of(function.at), f"{name}: {annotation}" if annotation else name),
        SetKeyword(handler.module.path, span_of(call[1]), name, value),
    )
