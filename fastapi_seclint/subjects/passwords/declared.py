"""What a dictionary or list of the program keeps by its annotation: `users: dict[int, User] = {}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Class, Collection, Mapping, Value
from fastapi_seclint.subjects.code.origins import ask, blocks_of
from fastapi_seclint.subjects.owners.records import classes_in

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def classes_declared(program: Program, value: Value) -> list[Class]:
    """The classes of the project in the annotation of the name that a dictionary or list was given first."""
    if not isinstance(value, Mapping | Collection) or value.place is None or value.items:
        return []
    return _annotated(program, value.place.module).get(value.place.at, [])


@answered_once
def _annotated(program: Program, module: Module) -> dict[int, list[Class]]:
    found: dict[int, list[Class]] = {}
    for block in blocks_of(program, module):
        for form in block.forms.of("annassign", "assign"):
            value, annotation = form[-1], form[3] if form[0] == "annassign" else module.facts.annotations.get(form[1])
            empty = value is not None and value[0] in ("dict", "list", "call")
            if empty and annotation is not None and annotation[0] == "sub":
                found[value[1]] = classes_in(ask(program, block, annotation))
    return {at: classes for at, classes in found.items() if classes}
