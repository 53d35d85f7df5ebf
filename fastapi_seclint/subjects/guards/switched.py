"""Guards that refuse only where a setting says so: `if self.api_key and not result.valid: raise ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.attributes import get_attribute
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Instance, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def refuses_when_set(program: Program, node: Node) -> bool:
    """Whether a guard raises where a setting is there, or is on: its default may well be that there is none.

    What the code itself fixes, as `Session(required=False)` does, is no setting.
    """
    block = body_of(program, node.function) if node.function is not None else None
    return block is not None and any(
        any(inner[0] == "raise" for inner in walk(form[3]))
        and any(_is_open(_setting(program, block, node, part)) for part in _all_of(form[2]))
        for form in block.forms.of("if")
    )


def _all_of(test: Form) -> list[Form]:
    """What all has to hold for a test to hold."""
    if test[0] == "bool" and test[2] == "and":
        return [part for inner in test[3] for part in _all_of(inner)]
    return [test]


def _is_open(value: Value | None) -> bool:
    return value is not None and not all(isinstance(option, Const) for option in options(value))


def _setting(program: Program, block: Block, node: Node, form: Form) -> Value | None:
    """The value of an attribute of the guard itself, or of a name of its module or an attribute of one."""
    root = form
    while root[0] == "attr":
        root = root[2]
    if root[0] != "name":
        return None
    if not isinstance(block.scope, FunctionScope) or not block.scope.is_local(root[2]):
        return ask(program, block, form)
    if root[2] == "self" and form[0] == "attr" and form[2] is root and isinstance(node.call, Instance):
        assert node.function is not None
        return get_attribute(program.interpreter, node.call, form[3], node.function.place)
    return None
