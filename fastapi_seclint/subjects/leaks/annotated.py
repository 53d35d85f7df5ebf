"""Classes of local names, by their own annotation or by that of the function whose answer they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Function, Instance, Value, bare_type, options
from fastapi_seclint.subjects.code.origins import ask, called, callers
from fastapi_seclint.subjects.secrets.lent import argument

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def annotated_classes(program: Program, block: Block, form: Form) -> Iterator[Class]:
    """The classes that a local name is said to be of: `token: Token = ...`, `token = await renew(old)`."""
    scope = block.scope
    for statement in scope.assignments(form[2]) if form[0] == "name" and isinstance(scope, FunctionScope) else ():
        if statement[0] not in ("assign", "annassign") or statement[-1] is None:
            continue
        if statement[0] == "annassign":
            yield from _classes(ask(program, block, statement[3]))
            continue
        value = statement[3]
        value = awaited(value)
        for function, _ in called(program, block, value) if value[0] == "call" and len(statement[2]) == 1 else ():
            if function.returns is not None:
                yield from _classes(program.interpreter.ask(function.returns, function.scope))


@answered_once
def classes_handed(program: Program, function: Function, name: str) -> tuple[Class, ...]:
    """The classes of what callers hand to a parameter, each once."""
    found: dict[Class, bool] = {}
    for block, call, bound in callers(program, function):
        if (given := argument(function, call, name, bound)) is not None:
            found.update((cls, True) for cls in annotated_classes(program, block, given))
            made = (one.cls for one in options(ask(program, block, given)) if isinstance(one, Instance))
            found.update((cls, True) for cls in made if isinstance(cls, Class))
    return tuple(found)


def _classes(value: Value | None) -> Iterator[Class]:
    return (option for option in options(value) if isinstance(option, Class))


def is_type(annotation: Value | None, names: tuple[str, ...]) -> bool:
    """Whether a resolved annotation is one of these classes of a library."""
    base = bare_type(annotation)
    return any(isinstance(item, External) and item.name.endswith(names) for item in options(base))
