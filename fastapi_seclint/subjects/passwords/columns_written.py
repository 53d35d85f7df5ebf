"""Columns for passwords that a statement of SQL fills with what a handler was sent, whatever that is called."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import Program
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.sql import met, written_out
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.wiring.handlers import is_handler


def sent_to_columns(program: Program, block: Block, call: Form) -> Iterator[Form]:
    """The parameters of a handler that its client fills and that go into such a column as they are.

    Those that are called passwords themselves are left to those who follow passwords.
    """
    function = block.function
    if function is None:
        return
    written = (item for item in met(written_out(program, block, call)) if item.written)
    filled = [item.value for item in written if naming(item.column)]
    if not filled or not is_handler(program, function):
        return
    asked = program.walker.resolver.dependency_of
    sent = {item.name for item in parameters(function) if asked(item) is None}
    assigned = {target[2] for form in function.forms.of("assign") for target in form[2] if target[0] == "name"}
    for value in filled:
        if value[0] == "name" and value[2] in sent - assigned and not naming(value[2]):
            yield value
