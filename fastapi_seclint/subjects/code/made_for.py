"""Objects that a function of the project makes of what it is given: `Result.fail(str(error))`, `problem(text)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, named_arguments
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def made_for(program: Program, block: Block, call: Form) -> Iterator[tuple[Class, list[tuple[str, Form]]]]:
    """The classes of what a call gives back, each with what the call gives for its fields.

    Nothing for a call of a class itself, and for functions that do more with a parameter than hand it on.
    """
    for function, bound in called(program, block, call):
        body = body_of(program, function)
        own = [parameter[0] for parameter in function.parameters]
        given = dict(named_arguments(call, own[1 if bound else 0 :]))
        for form in body.forms.of("return") if body is not None else ():
            made = form[2]
            if body is None or made is None or made[0] != "call":
                continue
            for option in options(ask(program, body, made[2])):
                if isinstance(option, Class):
                    fields = named_arguments(made, [one.name for one in parameters(option)])
                    handed = ((name, value[2]) for name, value in fields if value[0] == "name")
                    yield option, [(name, given[parameter]) for name, parameter in handed if parameter in given]
