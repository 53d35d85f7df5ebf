"""What comes in parts: the tuples that functions return, and dictionaries that are written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def unpacked(program: Program, block: Block, statement: Form, name: str) -> Iterator[tuple[Block, Form]]:
    """The expressions that fill a name by unpacking, each in its block: `rows, total = repository.page()`."""
    value: Form = statement[-1]
    while value[0] == "await":
        value = value[2]
    for target in statement[2] if statement[0] == "assign" else ():
        items = target[2] if target[0] in ("tuple", "list") else []
        place = next((number for number, item in enumerate(items) if item[0] == "name" and item[2] == name), None)
        if place is None or any(item[0] == "star" for item in items):
            continue
        for where, given in _tuples(program, block, value):
            if len(given[2]) == len(items):
                yield where, given[2][place]


def _tuples(program: Program, block: Block, value: Form) -> Iterator[tuple[Block, Form]]:
    """A tuple as it is written, or those that the functions of the project return which a call may mean."""
    if value[0] == "tuple":
        yield block, value
    for function, _ in called(program, block, value) if value[0] == "call" else ():
        body = body_of(program, function)
        for form in body.forms.of("return") if body is not None else ():
            if body is not None and form[2] is not None and form[2][0] == "tuple":
                yield body, form[2]


def part_returned(program: Program, block: Block, call: Form, number: int) -> Iterator[tuple[Block, Form]]:
    """A part of what functions of the project return as a tuple: `derive(password, salt)[1]`."""
    for where, given in _tuples(program, block, call):
        if number < len(given[2]) and not any(item[0] == "star" for item in given[2][: number + 1]):
            yield where, given[2][number]


def part_of(targets: list[Form], name: str, value: Form) -> Form | None:
    """The expression that a name is given by an assignment, one of a tuple perhaps: `user, password = form`.

    Of what a call returns it is an item: `salt, digest = derive(password)` gives `derive(password)[1]`.
    """
    for target in targets:
        if target[0] == "name" and target[2] == name:
            return value
        if target[0] in ("tuple", "list") and value[0] in ("tuple", "list") and len(value[2]) == len(target[2]):
            parts: list[tuple[Form, Form]] = list(zip(target[2], value[2], strict=True))
            for item, part in parts:
                if item[0] == "name" and item[2] == name:
                    return part
        elif target[0] in ("tuple", "list") and value[0] in ("call", "await"):
            call = value[2] if value[0] == "await" else value
            for number, item in enumerate(target[2]):
                if item[0] == "name" and item[2] == name:
                    return ["sub", call[1], call, ["const", call[1], number]]
    return None


def names_given(block: Block, call: Form) -> set[str]:
    """The names that a block assigns the result of a call to."""
    given = (form[2] for form in block.forms.of("assign") if form[3] is call)
    return {target[2] for targets in given for target in targets if target[0] == "name"}


def given_beside(keywords: list[Form]) -> dict[str, Form] | None:
    """What an object is made of; None where its password may be among what is spread: `User(**body.dict())`.

    A password that is given beside is none of those, since no keyword can come twice.
    """
    values: dict[str, Form] = {}
    spread = False
    for keyword, value, _ in keywords:
        if keyword is not None:
            values[keyword] = value
        elif value[0] == "dict":
            values |= {str(key[2]): item for key, item in value[2] if key is not None and key[0] == "const"}
            spread = spread or any(key is None for key, _ in value[2])
        else:
            spread = True
    return None if spread and not any(naming(name) == "plain" for name in values) else values
