"""What objects are told when they are made: `Signer(key="...")` for the `self.key` of a class, or for its parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import Origin, ask, body_of, is_parameter, origins

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_COPYING = frozenset({"replace", "evolve"})
_DEPTH = 4


def told(program: Program, block: Block, form: Form, depth: int = _DEPTH) -> Iterator[Origin]:
    """What callers give for an expression of a block that is a parameter, or an attribute made of one in a constructor.

    Nothing for other expressions, and nothing for the default of a parameter. `depth` is how many attributes are made
    of one another: one may be made of itself, `self.key = self.key.strip()`.
    """
    match form if depth else ["nothing"]:
        case ["name", _, name] if is_parameter(block, name):
            yield from (item for item in origins(program, block, form) if item.passed is not None)
        case ["attr", _, ["name", _, "self"], name] if block.function is not None and block.function.owner is not None:
            yield from _of_attribute(program, block.function.owner, name, depth - 1)
            yield from _of_field(program, block.function.owner, name)
        case ["call", _, ["attr", _, inner, "encode" | "strip" | "get_secret_value"], *_]:
            yield from told(program, block, inner, depth)
        case ["fstr", *_]:
            for part in form[2]:
                yield from told(program, block, part[2], depth) if part[0] == "fmt" else ()


def told_field(program: Program, cls: Class, name: str) -> Iterator[Origin]:
    """What the calls that make objects of a class give for what these keep under a name."""
    yield from _of_attribute(program, cls, name, _DEPTH)
    yield from _of_field(program, cls, name)


def by_others(block: Block, form: Form, origin: Origin) -> bool:
    """Whether a value of `self.name` is what an heir of the class writes, or somebody who makes an object of it gives.

    Then the mistake is theirs: the class may have a value that is right.
    """
    owner = block.function.owner if block.function is not None else None
    if owner is None or form[0] != "attr" or form[2][2:] != ["self"] or not origin.elsewhere or origin.value is None:
        return False
    own = [base.namespace.get(form[3]) for base in owner.lineage() if isinstance(base, Class)]
    methods = {method.number for method in owner.namespace.values() if isinstance(method, Function)}
    inside = origin.block.module is owner.module and origin.block.number in methods
    return not inside and not any(origin.value is value for value in own)


def _of_attribute(program: Program, cls: Class, name: str, depth: int) -> Iterator[Origin]:
    for base in cls.lineage():
        maker = base.namespace.get("__init__") if isinstance(base, Class) else None
        body = body_of(program, maker) if isinstance(maker, Function) else None
        for form in body.forms.of("assign", "annassign") if body is not None else ():
            for target, value in _pairs(form):
                if body is not None and target[0] == "attr" and target[2][2:] == ["self"] and target[3] == name:
                    yield from told(program, body, value, depth)


def _pairs(form: Form) -> Iterator[tuple[Form, Form]]:
    """What is given to what: `self.name, self.key = name, key` is two."""
    value = form[-1]
    for target in (form[2] if form[0] == "assign" else [form[2]]) if value is not None else ():
        if target[0] == "tuple" and value[0] == "tuple" and len(target[2]) == len(value[2]):
            yield from zip(target[2], value[2], strict=True)
        else:
            yield target, value


def _of_field(program: Program, cls: Class, name: str) -> Iterator[Origin]:
    """What calls of a class without a constructor of its own give for a field, and copies of an object with another."""
    names = [field for field, _, _ in cls.fields]
    if name not in names or "__init__" in cls.namespace:
        return
    for block in program.sites.blocks(frozenset({cls.name})):
        for form in block.forms.of("call"):
            if last_name(form[2]) == cls.name and any(item is cls for item in options(ask(program, block, form[2]))):
                given = form[3][names.index(name) :][:1]
                yield from _given(program, block, form, name, given)
    for method in cls.namespace.values():
        body = body_of(program, method) if isinstance(method, Function) else None
        for form in body.forms.of("call") if body is not None else ():
            if body is not None and last_name(form[2]) in _COPYING and form[3] and form[3][0][2:] == ["self"]:
                yield from _given(program, body, form, name, [])


def _given(program: Program, block: Block, call: Form, name: str, positional: list[Form]) -> Iterator[Origin]:
    for value in [*positional, *(value for keyword, value, _ in call[4] if keyword == name)]:
        if value[0] == "name" and is_parameter(block, value[2]):
            yield from told(program, block, value)
        elif not (value[0] == "attr" and value[2][2:] == ["self"]):
            yield Origin(block, value, elsewhere=True)
