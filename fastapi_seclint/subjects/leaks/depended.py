"""What a dependency of the project gives a parameter, whatever that is called: `token = Depends(current_user)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.leaks.one_time_codes import kept_whole

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 2


def gives_no_secret(program: Program, block: Block, name: str, is_secret: Callable[[Block, Form], bool]) -> bool:
    """Whether a name is a parameter for which FastAPI calls a function of the project that gives something harmless.

    `is_secret` judges the parts of what it gives, by the block they are written in; what it only hands to others, to be
    decoded or looked up, is no part of that.
    """
    given = _given(program, block, name)
    return bool(given) and not any(_is_secret(program, one, is_secret, _DEPTH) for one in given)


def _is_secret(
    program: Program, given: tuple[Block, Form], is_secret: Callable[[Block, Form], bool], depth: int
) -> bool:
    """Whether a part of an expression is a secret, or what another dependency gives for a parameter that is one."""
    block = given[0]
    for part in _parts(*given):
        if is_secret(block, part):
            return True
        below = _given(program, block, part[2]) if depth and part[0] == "name" else []
        if any(_is_secret(program, one, is_secret, depth - 1) for one in below):
            return True
    return False


def _given(program: Program, block: Block, name: str) -> list[tuple[Block, Form]]:
    """What a function of the project gives that FastAPI calls for a parameter of this name."""
    scope = block.scope
    if not isinstance(scope, FunctionScope) or scope.assignments(name):
        return []
    parameter = next((item for item in parameters(scope.function) if item.name == name), None)
    found = program.walker.resolver.dependency_of(parameter) if parameter is not None else None
    function = found[1] if found is not None else None
    return list(_returned(program, function, _DEPTH)) if isinstance(function, Function) else []


def _parts(block: Block, form: Form) -> Iterator[Form]:
    """What is read in an expression, and in what the names in it were given."""
    scope, pending, seen = block.scope, [form], set[str]()
    while pending:
        found = list(kept_whole(pending.pop()))
        yield from found
        fresh = {item[2] for item in found if item[0] == "name"} - seen
        seen |= fresh
        given = (item for name in fresh for item in scope.assignments(name)) if isinstance(scope, FunctionScope) else ()
        pending += [item[-1] for item in given if item[0] in ("assign", "annassign") and item[-1]]


def _returned(program: Program, function: Function, depth: int) -> Iterator[tuple[Block, Form]]:
    """What a function gives or yields; in place of a call of the project what that gives, as far as it is followed."""
    body = body_of(program, function)
    for form in function.forms.of("return", "yield") if body is not None else ():
        if body is None or form[2] is None:
            continue
        inner = [item for item, _ in called(program, body, form[2])] if form[2][0] == "call" and depth else []
        for item in inner:
            yield from _returned(program, item, depth - 1)
        if not inner:
            yield body, form[2]
