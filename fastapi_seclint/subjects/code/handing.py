"""Where the values of some names go when they are handed to functions of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, named_arguments
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Bound, Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers
from fastapi_seclint.subjects.secrets.lent import argument

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_STARTING = "add_task"
"""FastAPI's `BackgroundTasks.add_task(function, ...)`."""
Handed = list[tuple[Function, set[str]]]


def handed_to(program: Program, block: Block, call: Form, names: set[str]) -> Handed:
    """The functions of the project that a call hands the names' values to, each with the parameters that get them.

    Empty where others may get them as well, or nobody knows which parameter does: a method of such a value, `*given`.
    """
    if call[0] != "call" or (call[2][0] == "attr" and mentions(call[2][2], names)):
        return []
    if any(value[0] == "star" for value in call[3]) or any(keyword is None for keyword, _, _ in call[4]):
        return []
    found: Handed = []
    for function, bound in called(program, block, call):
        parameters = [parameter[0] for parameter in function.parameters]
        pairs = named_arguments(call, parameters[1 if bound else 0 :])
        given = {name for name, value in pairs if mentions(value, names)}
        if not given or not given <= set(parameters):
            return []
        found.append((function, given))
    return found


def handed_down(program: Program, function: Function, names: set[str], depth: int = 2) -> Iterator[Handed]:
    """What each call of a function hands the names' values to, and then what those hand them on to."""
    block = body_of(program, function) if depth else None
    for call in function.forms.of("call") if block is not None else ():
        found = handed_to(program, block, call, names) if block is not None else []
        if found:
            yield found
        for inner, given in found:
            yield from handed_down(program, inner, given, depth - 1)


def handed(program: Program, function: Function, name: str) -> Iterator[tuple[Block, Form]]:
    """What callers hand over for a parameter of a function, and what background tasks of it are started with."""
    if name in [parameter[0] for parameter in function.parameters]:
        for block, call, bound in (*callers(program, function), *started(program, function)):
            if (given := argument(function, call, name, bound)) is not None:
                yield block, given


def started(program: Program, function: Function) -> Iterator[tuple[Block, Form, bool]]:
    """The calls of a function that background tasks make later: `add_task(send, to, link)`, as if written out."""
    for block in program.sites.blocks(frozenset({_STARTING})):
        for form in block.forms.of("call"):
            started = form[3][0] if last_name(form[2]) == _STARTING and form[3] else None
            if started is None or last_name(started) != function.name:
                continue
            for option in options(ask(program, block, started)):
                bound = isinstance(option, Bound)
                if (option.function if isinstance(option, Bound) else option) is function:
                    yield block, ["call", form[1], started, form[3][1:], form[4]], bound


def takers(program: Program, cls: Class) -> Iterator[tuple[Function, str]]:
    """The functions of the project that take an object of a class, a handler of messages say, and that parameter."""
    for module in program.modules.by_file.values():
        if cls.name not in module.facts.words or program.is_test(module):
            continue
        outside = Block(module, None, module.scope, NO_STATEMENTS)
        for number in range(len(module.facts.functions)):
            function = program.sites.function(module, number)
            for name, _, annotation, _, _ in function.parameters if function is not None else ():
                named = annotation is not None and last_name(annotation) == cls.name
                if named and function is not None and cls in options(ask(program, outside, annotation)):
                    yield function, name
