"""Tokens of several classes that one method of their base makes: `AccessToken(user).encode()`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.implementers import heirs
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, Place, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads import inlining as _inlining
from fastapi_seclint.subjects.payloads.flow import Flow
from fastapi_seclint.subjects.payloads.values import of_value
from fastapi_seclint.subjects.payloads.ways import Step, Way

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.payloads.branching import Names

_LEAST = 2


def of_heirs(program: Program, block: Block, function: Function, probe: Flow, target: Form) -> Iterator[Way]:
    """A way for each class that inherits a method which makes a token, with what that class has for `self.life`.

    Its step is the call that makes an object of the class, since that says of which kind the token is.
    """
    own = function.parameters[0][0] if function.owner is not None and function.parameters else ""
    if function.owner is None or function.kind != "function" or not _asks(function, own):
        return
    found = [(cls, made) for cls in heirs(program, function.owner) if (made := _made(program, cls, function))]
    if len(found) < _LEAST or program.is_test(block.module):
        return
    unseen = _inlining.unseen(probe, function)
    for cls, step in found:
        yield Way({**unseen, **_held(cls, own, Place(block.module, target[1]))}, (step,))


def of_receiver(program: Program, block: Block, call: Form, function: Function) -> Names:
    """What the class of an object has whose method a call is, in place of what the base has: `refresh.issue(user)`.

    What the object itself was given when it was made is no longer that of the class.
    """
    own = function.parameters[0][0] if function.owner is not None and function.parameters else ""
    found = [*options(ask(program, block, call[2][2]))] if own and call[2][0] == "attr" else []
    made = found[0] if len(found) == 1 else None
    if not isinstance(made, Instance) or not isinstance(made.cls, Class) or function.kind != "function":
        return {}
    held: Names = {}
    for base in reversed(list(takewhile(lambda one: one is not function.owner, made.cls.lineage()))):
        held |= _held(base, own, Place(block.module, call[1])) if isinstance(base, Class) else {}
    return {key: known for key, known in held.items() if key.removeprefix(f"{own}.") not in made.attributes}


def _held(cls: Class, own: str, place: Place) -> Names:
    """What a class has for all of its objects, as its methods read it."""
    plain = ((name, value) for name, value in cls.namespace.items() if not isinstance(value, Function | Class))
    return {f"{own}.{name}": of_value(value, place) for name, value in plain}


def _asks(function: Function, own: str) -> bool:
    """Whether a method reads what its class has for all of its objects, or what an object is told."""
    return any(form[0] == "attr" and form[2][2:] == [own] for form in walk(function.statements()))


def _made(program: Program, cls: Class, method: Function) -> Step | None:
    """The first call that makes an object of a class; None where it has a method of its own in place of this one."""
    if method.name in cls.namespace:
        return None
    for outer in program.sites.blocks(frozenset({cls.name})):
        for form in outer.forms.of("call"):
            if last_name(form[2]) == cls.name and any(item is cls for item in options(ask(program, outer, form[2]))):
                return Step(outer, form)
    return None
