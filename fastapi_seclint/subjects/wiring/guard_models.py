"""Models of the project that stand for its caller, and the dependencies that make them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.values import Class, Dependency, Instance, Value, options
from fastapi_seclint.subjects.wiring.dependencies import Consumer, asks, wiring
from fastapi_seclint.subjects.wiring.lost_fixes import givers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
CALLER = re.compile(
    r"^(current_?|auth(enticated)?_?|logged_in_?|active_?|request(ing)?_?)(active_?|super)?(user|account|member|admin|person|employee|agent|staff"
    r"|principal|identity|client|customer)$|^(me|caller|principal|identity)$",
    re.I,
)
"""A parameter of this name is whoever is calling."""
_FORM = re.compile(r"(password|passwd)", re.I)


def stands_for_caller(program: Program, consumer: Consumer, made: Class) -> bool:
    """Whether a plain model filled from the query should have been the caller."""
    if any(asks(program, parameter) for parameter in parameters(made)) or _is_form(made):
        return False
    if method_of(Instance(made), "__call__") is not None:
        return False
    return bool(CALLER.match(consumer.parameter.name) or CALLER.match(made.name)) or any(givers(program, made))


def _is_form(made: Class) -> bool:
    return any(
        _FORM.fullmatch(name) for base in made.lineage() if isinstance(base, Class) for name, _, _ in base.fields
    )


@answered_once
def wired(program: Program) -> dict[tuple[str, int], Dependency]:
    """The parameters, by name and class, that a guard fills somewhere in the project."""
    found: dict[tuple[str, int], Dependency] = {}
    for consumer in wiring(program).consumers:
        pair = program.walker.resolver.dependency_of(consumer.parameter)
        if pair is None or pair[0].call is None or consumer.route is None:
            continue
        base = program.walker.resolver.type_of(consumer.parameter)
        for option in options(base):
            known = isinstance(option, Class) and (consumer.parameter.name, id(option)) in found
            if isinstance(option, Class) and not known and _guards(program, pair[1]):
                found[(consumer.parameter.name, id(option))] = pair[0]
    return found


def _guards(program: Program, value: Value | None) -> bool:
    return any(program.guard_model.authenticates(option) for option in options(value))
