"""What a dictionary or list of the program keeps by its annotation: `users: dict[int, User] = {}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Collection, Instance, Mapping, Value, options
from fastapi_seclint.subjects.code.origins import ask, blocks_of
from fastapi_seclint.subjects.owners.records import classes_in

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def classes_declared(program: Program, value: Value) -> list[Class]:
    """The classes of the project in the annotation of the name that a dictionary or list was given first."""
    if not isinstance(value, Mapping | Collection) or value.place is None or value.items:
        return []
    return _annotated(program, value.place.module).get(value.place.at, [])


def keeps_one_each(program: Program, value: Value) -> bool:
    """Whether a dictionary or list has one object in each place, by what it was given or its annotation."""
    if not isinstance(value, Mapping | Collection):
        return False
    kept = [item[1] if isinstance(item, tuple) else item for item in value.items]
    if kept or value.place is None:
        return bool(kept) and all(isinstance(option, Instance) for item in kept for option in options(item))
    annotation = _annotations(program, value.place.module).get(value.place.at)
    return annotation is not None and sum(form[0] == "sub" for form in walk(annotation[1])) == 1


@answered_once
def _annotated(program: Program, module: Module) -> dict[int, list[Class]]:
    found = _annotations(program, module)
    known = {at: classes_in(ask(program, block, annotation)) for at, (block, annotation) in found.items()}
    return {at: classes for at, classes in known.items() if classes}


@answered_once
def _annotations(program: Program, module: Module) -> dict[int, tuple[Block, Form]]:
    """The annotations of names that are given something empty, by the place of that."""
    found: dict[int, tuple[Block, Form]] = {}
    for block in blocks_of(program, module):
        for form in block.forms.of("annassign", "assign"):
            value, annotation = form[-1], form[3] if form[0] == "annassign" else module.facts.annotations.get(form[1])
            empty = value is not None and value[0] in ("dict", "list", "call")
            if empty and annotation is not None and annotation[0] == "sub":
                found[value[1]] = block, annotation
    return found
