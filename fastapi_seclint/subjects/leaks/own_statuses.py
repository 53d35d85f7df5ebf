"""The status that an exception of the project's own has by its class: `super().__init__(status_code=409, ...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.statuses import number_of
from fastapi_seclint.program.values import Class, Const, Instance, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_NAMES = ("status_code", "status", "http_status", "http_status_code", "code")
"""What a class of exceptions calls the status of its answers."""


def own_status(program: Program, block: Block, statements: list[Form], form: Form) -> int:
    """The status that the class of the answer gives an expression goes into; 0 where it is not known."""
    for call in walk(statements):
        if call[0] == "call" and call[2][0] in ("name", "attr") and holds(call[1], form[1]):
            for option in options(ask(program, block, call[2])):
                if isinstance(option, Class) and (number := status_of(option)):
                    return number
    return 0


def status_of(cls: Class) -> int:
    """The status that a class of exceptions fixes for its answers, itself; 0 where it fixes none."""
    for name in _NAMES:
        known = cls.namespace.get(name)
        if (
            isinstance(known, Const)
            and isinstance(known.value, int)
            and (found := number_of(["const", 0, known.value]))
        ):
            return found
    method = method_of(Instance(cls), "__init__")
    if method is None or method.number < 0:
        return 0
    for call in walk(method.module.facts.body(method.number)):
        if call[0] == "call" and last_name(call[2]) == "__init__":
            given = [value for keyword, value, _ in call[4] if keyword == "status_code"] or call[3]
            return next((number for value in given if (number := number_of(value))), 0)
    return 0
