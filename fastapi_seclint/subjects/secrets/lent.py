"""Comparisons in a helper that gets both sides and names neither: `def same(left, right): return left == right`.

An object that keeps the secret is given one side only: `def accepts(self, shown): return shown == self.expected`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function, Instance, options
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.origins import ask, callers
from fastapi_seclint.subjects.secrets.pairs import equality
from fastapi_seclint.subjects.secrets.presented import presented
from fastapi_seclint.subjects.secrets.sent import Sent, core
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LONGEST = 3
_CONTAINS = "__contains__"


@dataclass(frozen=True, slots=True)
class Lent:
    """A comparison of two parameters, and what one caller gives for them."""

    block: Block
    form: Form
    operator: str
    sides: tuple[Form, Form]
    caller: Block
    given: tuple[Form, Form]
    kept: Form | None = None
    """What the object of a method keeps, where that is one side or has it among others."""


def lent(program: Program) -> Iterator[Lent]:
    """The comparisons of two parameters in the project's short helpers, once for each call of the helper."""
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        for number in module.facts.speaking(b'["compare"', b"compare_digest", b'"__eq__"', b'"eq"'):
            block = program.sites.block(module, number)
            if block is None or not isinstance(block.scope, FunctionScope) or len(block.statements) > _LONGEST:
                continue
            function = block.scope.function
            names = [item[0] for item in function.parameters]
            if (function.name.startswith("__") and function.name != _CONTAINS) or len(names) < 2:
                continue
            for form in block.forms.of("compare", "call"):
                found = equality(form)
                sides = found[1:] if found is not None else ()
                if found is not None and _are_given(block, function, sides, names):
                    yield from _of_callers(program, function, Lent(block, form, found[0], found[1:], block, found[1:]))


def _are_given(block: Block, function: Function, sides: tuple[Form, ...], names: list[str]) -> bool:
    """Whether both sides are parameters, or one is and the object keeps the other."""
    given = [side for side in sides if core(side)[0] == "name" and core(side)[2] in names]
    kept = [side for side in sides if _kept(block, function, side) is not None]
    return len(given) == 2 or len(given) == len(kept) == 1


def _kept(block: Block, function: Function, side: Form) -> Form | None:
    """What an object keeps that a side is, or is one of: `key` of `any(key == shown for key in self.keys)`."""
    plain = core(side)
    own = function.parameters[0][0] if function.owner is not None and function.parameters else ""
    over = [iterable for iterable, _ in loops(block, plain[2])] if plain[0] == "name" else []
    for form in (side, *over):
        if core(form)[0] == "attr" and core(form)[2][0] == "name" and core(form)[2][2] == own:
            return form
    return None


def _of_callers(program: Program, function: Function, own: Lent) -> Iterator[Lent]:
    for block, call, bound in (*callers(program, function), *_asking(program, function)):
        if program.is_test(block.module) or not isinstance(block.scope, FunctionScope):
            continue
        left, right = (
            _kept(own.block, function, side) or argument(function, call, core(side)[2], bound) for side in own.sides
        )
        if left is not None and right is not None:
            kept = next((one for side in own.sides if (one := _kept(own.block, function, side))), None)
            yield Lent(own.block, own.form, own.operator, own.sides, block, (left, right), kept)


def _asking(program: Program, function: Function) -> Iterator[tuple[Block, Form, bool]]:
    """Where it is asked whether something is in an object, as calls of its `__contains__`: `key in KEYS`."""
    if function.name != _CONTAINS or function.owner is None:
        return
    for module in program.modules.by_file.values():
        for block in program.sites.speaking(module, b'["in"]', b'["not in"]'):
            for form in block.forms.of("compare"):
                found = options(ask(program, block, form[4][0])) if form[3] in (["in"], ["not in"]) else ()
                if any(isinstance(one, Instance) and one.cls is function.owner for one in found):
                    yield block, ["call", form[1], ["attr", form[1], form[4][0], _CONTAINS], [form[2]], []], True


def handed(program: Program, words: Vocabulary, function: Function, form: Form) -> str:
    """What kind of credential a caller hands to a helper's parameter whose own name does not say it; empty for none."""
    for block, value in given_for(program, function, form):
        if not isinstance(block.scope, FunctionScope):
            continue
        sent, plain = Sent(program, words, block, block.scope), core(value)
        kind = sent.kind(plain) if sent.is_sent(plain) else ""
        if not kind and plain[0] == "name":
            kind = presented(program, block.scope.function, plain[2])
        if kind:
            return kind
    return ""


def given_for(program: Program, function: Function, form: Form) -> Iterator[tuple[Block, Form]]:
    """What the calls of a function give for the parameter that a name is, and where they stand."""
    if form[0] != "name" or all(item[0] != form[2] for item in function.parameters):
        return
    for block, call, bound in (*callers(program, function), *_asking(program, function)):
        value = argument(function, call, form[2], bound)
        if value is not None:
            yield block, value


def argument(function: Function, call: Form, name: str, bound: bool) -> Form | None:
    """What a call gives for a parameter; None where that does not show."""
    for keyword, value, _ in call[4]:
        if keyword == name:
            found: Form = value
            return found
    position = [item[0] for item in function.parameters].index(name) - bound
    plain = not any(item[0] == "star" for item in call[3])
    if not plain or not 0 <= position < len(call[3]):
        return None
    positional: Form = call[3][position]
    return positional
