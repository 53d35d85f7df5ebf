"""Whether a value is read from the header of a token, which its sender writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, Mapping, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.tokens.parts import BASE64

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_READERS = frozenset({"get_unverified_header", "get_unverified_headers", "extract_compact"})
"""Of PyJWT and python-jose, and what joserfc reads a token with before its signature is looked at (joserfc.jws)."""
_BY_HAND = BASE64 | {"decode_complete"}


def from_header(program: Program, block: Block, form: Form, depth: int = 3) -> bool:
    """Whether an expression is, or holds, what `get_unverified_header` gives or somebody decodes by hand."""
    if form[0] in ("list", "tuple"):
        return any(from_header(program, block, part, depth) for part in form[2])
    if form[0] == "attr" and form[3] == "algorithm_name":
        return False  # what the key itself is for (PyJWT, `PyJWK.algorithm_name`)
    for item in walk([form] if (table := _table(program, block, form)) is None else table):
        match item:
            case ["call", _, ["name" | "attr", *_] as function, *_] if function[-1] in _READERS:
                return True
            case ["call", _, ["name" | "attr", *_] as function, *_] if function[-1] in _BY_HAND:
                return True
            case ["call", *_] if depth and _helper(program, block, item, depth - 1):
                return True
            case ["name", _, name] if depth and _assigned(program, block, name, depth - 1):
                return True
            case ["attr", _, owner, name] if depth and _of_object(program, block, owner, name, depth - 1):
                return True
    return False


def _table(program: Program, block: Block, form: Form) -> list[Form] | None:
    """What a look-up in a dictionary of the program's own may give, whatever is asked for; None for anything else."""
    others: list[Form] = []
    match form:
        case ["sub", _, owner, _]:
            pass
        case ["call", _, ["attr", _, owner, "get"], [_, *others], []]:
            pass
        case _:
            return None
    if owner[0] == "dict":
        return [*(value for _, value in owner[2]), *others]
    known = list(options(ask(program, block, owner))) if owner[0] in ("name", "attr") else []
    written = bool(known) and all(isinstance(option, Mapping) and option.items for option in known)
    return others if written else None


def _of_object(program: Program, block: Block, owner: Form, name: str, depth: int) -> bool:
    """Whether a property of an object, or what its methods assign to an attribute, is read from a token's header."""
    if owner[0] not in ("name", "attr") or not any(
        module.facts.words & _READERS for module in program.modules.by_file.values()
    ):
        return False
    for option in options(ask(program, block, owner)):
        cls = option.cls if isinstance(option, Instance) else None
        for method in cls.namespace.values() if isinstance(cls, Class) else ():
            inner = body_of(program, method) if isinstance(method, Function) else None
            for value in _given(inner, name, is_own=isinstance(method, Function) and method.name == name):
                if inner is not None and from_header(program, inner, value, depth):
                    return True
    return False


def _given(block: Block | None, name: str, *, is_own: bool) -> Iterator[Form]:
    """What a method assigns to an attribute of its object, or what the property of that name returns."""
    for form in block.forms.of("assign", "return") if block is not None else ():
        match form:
            case ["return", _, value] if is_own and value is not None:
                yield value
            case ["assign", _, [["attr", _, ["name", _, "self"], target]], value] if target == name:
                yield value


def is_allowed(program: Program, block: Block, form: Form) -> bool:
    """Whether what an expression holds is compared with something that the token does not bring: `alg in KEYS`."""
    written = {code(item) for item in _parts(block, form)} - {None}
    for item in block.forms.of("compare"):
        if item[3][0] in ("in", "not in", "==", "!="):
            for one, other in ((item[2], item[4][0]), (item[4][0], item[2])):
                if code(one) in written and other != ["const", other[1], None]:
                    return not from_header(program, block, other)
    return False


def _parts(block: Block, form: Form, depth: int = 3) -> Iterator[Form]:
    """The expressions that an expression is made of, names followed to what they are assigned."""
    for item in walk(form):
        if item[0] in ("name", "sub", "call"):
            yield item
        if item[0] == "name" and depth:
            for value in _values(block, item[2]):
                yield from _parts(block, value, depth - 1)


def _values(block: Block, name: str) -> Iterator[Form]:
    for form in block.forms.of("assign", "annassign", "walrus"):
        if form[-1] is not None:
            targets = form[2] if form[0] == "assign" else [form[2]]
            if any(item[0] == "name" and item[2] == name for target in targets for item in walk(target)):
                yield form[-1]


def _assigned(program: Program, block: Block, name: str, depth: int) -> bool:
    return any(from_header(program, block, value, depth) for value in _values(block, name))


def _helper(program: Program, block: Block, call: Form, depth: int) -> bool:
    for function, _ in called(program, block, call):
        inner = body_of(program, function)
        returned = [] if inner is None else [item[2] for item in inner.forms.every if item[0] == "return"]
        for value in returned:
            if inner is not None and value is not None and from_header(program, inner, value, depth):
                return True
    return False
