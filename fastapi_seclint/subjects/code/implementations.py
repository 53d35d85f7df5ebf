"""Methods that an interface leaves to subclasses, and what these make of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.implementers import heirs, implements
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def implementations(program: Program, function: Function) -> list[Function]:
    """The methods of subclasses that stand for one without a body of its own, tests left out; none for all others."""
    return [*_overriding(program, function)] if _is_abstract(function) else []


def made_of(program: Program, function: Function, word: bytes) -> list[Function]:
    """A function, or what subclasses make of one without a body: where several do, those that speak of a word."""
    made = implementations(program, function)
    if len(made) > 1:
        return [item for item in made if item.number in item.module.facts.speaking(word, folded=True)]
    return made or [function]


def stands_for(function: Function, named: Function) -> bool:
    """Whether a method does what another one, without a body of its own, only names."""
    own, other = function.owner, named.owner
    if own is None or other is None or own is other or function.name != named.name or not has_no_body(named):
        return False
    return other in own.lineage() or implements(own, other)


def _is_abstract(function: Function) -> bool:
    return function.owner is not None and function.number >= 0 and has_no_body(function)


def has_no_body(function: Function) -> bool:
    """Whether a function leaves its work to others: `...`, `pass`, a docstring, `raise NotImplementedError`."""
    plain = ("const", "ellipsis")
    return all(
        form[0] in ("pass", "raise") or (form[0] == "expr" and form[2][0] in plain) for form in function.statements()
    )


@answered_once
def _overriding(program: Program, function: Function) -> tuple[Function, ...]:
    return tuple(_overrides(program, function))


def _overrides(program: Program, function: Function) -> Iterator[Function]:
    for module in program.modules.by_file.values():
        if program.is_test(module) and not program.is_test(function.module):
            continue
        if function.name not in module.facts.words and not module.facts.speaking(f'"{function.name}"'.encode()):
            continue
        for value in list(module.scope.names.values()):
            if isinstance(value, Class) and value.module is module:
                own = value.namespace.get(function.name)
                if isinstance(own, Function) and stands_for(own, function):
                    yield own


def overridden(program: Program, block: Block, call: Form) -> Iterator[tuple[Block, Form]]:
    """What methods of subclasses give back in place of the own one that a block calls, `self.options()`."""
    owner = block.function.owner if block.function is not None else None
    match call:
        case ["call", _, ["attr", _, ["name", _, "self"], name], *_] if owner is not None:
            pass
        case _:
            return
    for cls in heirs(program, owner):
        own = cls.namespace.get(name)
        body = program.sites.block(own.module, own.number) if isinstance(own, Function) and own.number >= 0 else None
        for form in body.forms.of("return") if body is not None else ():
            if body is not None and form[2] is not None:
                yield body, form[2]
