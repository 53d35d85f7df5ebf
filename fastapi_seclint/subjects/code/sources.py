"""What an expression is made of: through names, copies, closures, parameters, and what a constructor puts down.

`known` of `known = tuple(allowed)` in a function around is made of `allowed`, and of what callers give for that:
`requires(settings.partner_keys)`. `self._pool` is made of what its constructor was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, named_arguments
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Instance
from fastapi_seclint.subjects.code.origins import body_of, callers, partials

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.values import Function

_COPIES = frozenset({"tuple", "list", "set", "frozenset", "sorted", "dict", "iter", "deque"})
_PARTS = frozenset({"copy", "keys", "values", "items", "split", "strip"})
_DEPTH = 7


def sources(program: Program, block: Block, form: Form, depth: int = _DEPTH) -> Iterator[tuple[Block, Form]]:
    """An expression and all that it is made of, each with the block where it is written."""
    yield block, form
    for where, inner in _made_of(program, block, form) if depth else ():
        yield from sources(program, where, inner, depth - 1)


def block_around(program: Program, block: Block, name: str) -> Block | None:
    """The block of the function around a function that a name belongs to which is not its own."""
    number = block.number
    while number >= 0 and (number := block.module.facts.functions[number][2]) >= 0:
        outer = program.sites.block(block.module, number)
        if outer is not None and outer.is_local(name):
            return outer
    return None


def _made_of(program: Program, block: Block, form: Form) -> Iterator[tuple[Block, Form]]:
    match form:
        case ["call", _, callee, [inner, *_], _] if last_name(callee) in _COPIES:
            yield block, inner
        case ["call", _, ["attr", _, inner, method], _, _] if method in _PARTS:
            yield block, inner
        case ["comp", _, _, _, _, [[_, iterable, _], *_]]:
            yield block, iterable
        case ["list" | "tuple" | "set", _, [["star", _, inner]]] | ["await", _, inner]:
            yield block, inner
        case ["attr", _, ["name", _, "self"], name]:
            yield from _put_down(program, block, name)
        case ["name", _, name]:
            owner = block if block.is_local(name) else block_around(program, block, name)
            if owner is not None and isinstance(owner.scope, FunctionScope):
                yield from _of_name(program, owner, owner.scope, name)


def _of_name(program: Program, block: Block, scope: FunctionScope, name: str) -> Iterator[tuple[Block, Form]]:
    for statement in scope.assignments(name):
        plain = statement[0] == "annassign" or (
            statement[0] == "assign" and any(target[0] == "name" and target[2] == name for target in statement[2])
        )
        if plain and statement[-1] is not None:
            yield block, statement[-1]
    if any(parameter[0] == name for parameter in scope.function.parameters):
        yield from given(program, scope.function, name)


def given(program: Program, function: Function, name: str) -> Iterator[tuple[Block, Form]]:
    """What the callers of a function give for one of its parameters, each with the block of the call."""
    reached = [(block, call, bound) for block, call, bound in callers(program, function)]
    constructed = function.name == "__init__"
    for block, call in partials(program, function):
        reached.append((block, [*call[:3], call[3][1:], call[4]], constructed))
    for block, call, bound in reached:
        names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
        if not any(value[0] == "star" for value in call[3]):
            yield from ((block, value) for key, value in named_arguments(call, names) if key == name)


def _put_down(program: Program, block: Block, name: str) -> Iterator[tuple[Block, Form]]:
    """What the constructor of a method's class gives an attribute, or its callers where the class is a record."""
    owner = block.function.owner if block.function is not None else None
    maker = method_of(Instance(owner), "__init__") if owner is not None else None
    inside = body_of(program, maker) if maker is not None else None
    if inside is None:
        return
    for form in inside.forms.of("assign", "annassign"):
        for target in form[2] if form[0] == "assign" else [form[2]]:
            if target[0] == "attr" and target[3] == name and target[2][2:] == ["self"] and form[-1] is not None:
                yield inside, form[-1]
