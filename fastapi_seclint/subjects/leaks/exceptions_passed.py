"""Exceptions that an `except` hands to a function of the project: `return failure(exc)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_name, last_name, mentions, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.leaks.exception_texts import Caught

_STREAMING = ("StreamingResponse", "EventSourceResponse")


def handed_on(program: Program, found: Caught) -> Iterator[tuple[Block, str, int]]:
    """The functions that get a caught exception: block, the parameter that has it, and the function's place."""
    if not found.name:
        return
    for call in walk(found.statements):
        if call[0] != "call" or call[2][0] not in ("name", "attr"):
            continue
        given = [(number, "") for number, value in enumerate(call[3]) if is_name(value, found.name)]
        given += [(-1, keyword) for keyword, value, _ in call[4] if keyword and is_name(value, found.name)]
        for function, bound in _run(program, found.block, call) if given else ():
            block = body_of(program, function)
            for position, keyword in given:
                name = keyword or _parameter(function, position + int(bound))
                if block is not None and name:
                    yield block, name, function.at


def _run(program: Program, block: Block, call: Form) -> Iterator[tuple[Function, bool]]:
    """The functions that a call runs, the constructor of a class among them."""
    yield from called(program, block, call)
    for option in options(ask(program, block, call[2])):
        made = method_of(Instance(option), "__init__") if isinstance(option, Class) else None
        if made is not None and made.number >= 0:
            yield made, True


def _parameter(function: Function, number: int) -> str:
    return str(function.parameters[number][0]) if 0 <= number < len(function.parameters) else ""


def streams(program: Program, function: Function, depth: int = 2) -> bool:
    """Whether what a generator yields is an answer, also through another: `StreamingResponse(events(prompt))`."""
    for block in program.sites.blocks(frozenset({function.name})):
        made = [form for form in block.forms.of("call") if last_name(form[2]) in _STREAMING]
        named = [
            form for form in block.forms.of("call") if form[2][0] in ("name", "attr") and form[2][-1] == function.name
        ]
        reached = any((item.module.file, item.number) == (function.module.file, function.number)
                      for form in named for item, _ in called(program, block, form))  # fmt: skip
        if made and reached:
            return True
    return depth > 0 and any(
        block.function is not None and _yields_on(block, call) and streams(program, block.function, depth - 1)
        for block, call, _ in callers(program, function)
    )


def _yields_on(block: Block, call: Form) -> bool:
    """Whether a generator yields what another one yields: `async for part in parts(prompt): yield f"data: {part}"`."""
    for form in block.forms.of("for"):
        if not any(item is call for item in walk(form[3])):
            continue
        names = {item[2] for item in walk(form[2]) if item[0] == "name"}
        given = (item[2] for item in walk(form[4]) if item[0] == "yield" and item[2] is not None)
        if any(mentions(value, names) for value in given):
            return True
    return False
