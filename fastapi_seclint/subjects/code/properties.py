"""Properties of objects: what stands for an attribute that a method computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask, body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def given_by_property(program: Program, block: Block, form: Form) -> Iterator[tuple[Block, Form]]:
    """What the property behind an attribute returns, each expression with its block; nothing for other attributes."""
    if form[2][0] not in ("name", "attr"):
        return
    for method in properties_behind(program, block, form):
        body = body_of(program, method)
        for item in body.forms.of("return") if body is not None else ():
            if body is not None and item[2] is not None:
                yield body, item[2]


def properties_behind(program: Program, block: Block, form: Form) -> Iterator[Function]:
    """The properties of the project that reading an attribute runs, those of the bases included."""
    if form[3] not in _named(program):
        return
    found = [option.cls for option in options(ask(program, block, form[2])) if isinstance(option, Instance)]
    function = block.function
    if not found and function is not None and function.owner is not None and function.parameters:
        found = [function.owner] if form[2][2:] == [function.parameters[0][0]] else []
    for cls in found:
        for base in cls.lineage() if isinstance(cls, Class) else ():
            method = base.namespace.get(form[3]) if isinstance(base, Class) else None
            if isinstance(method, Function) and method.kind == "property":
                yield method


@answered_once
def _named(program: Program) -> frozenset[str]:
    """The names of all properties of the project's classes."""
    found: set[str] = set()
    pending = [value for module in program.modules.by_file.values() for value in module.scope.names.values()]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if isinstance(value, Class) and id(value) not in seen:
            seen.add(id(value))
            pending += value.namespace.values()
            own = value.namespace.items()
            found |= {name for name, item in own if isinstance(item, Function) and item.kind == "property"}
    return frozenset(found)
