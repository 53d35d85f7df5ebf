"""The keys of a dictionary that is handed on with `**`: those of a display, or those that all callers give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Const, Function, Mapping, options
from fastapi_seclint.subjects.code.origins import ask, body_of, callers, origins

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def keys(program: Program, block: Block, form: Form, depth: int = 3) -> frozenset[str] | None:
    """The keys that a spread dictionary can have in a block; None where they are not known."""
    if depth == 0:
        return None
    function = block.function
    if form[0] == "name" and function is not None and _takes_rest(function, form[2]):
        return None if _is_assigned(block, form[2]) else _given(program, function, depth)
    owner = function.owner if function is not None else None
    if form[0] == "attr" and owner is not None and _is_own(form, form[3]):
        return _of_object(program, owner, form[3], depth)
    found: set[str] = set()
    for option in options(ask(program, block, form)):
        if not isinstance(option, Mapping) or option.open:
            return None
        found.update(str(key.value) for key, _ in option.items if isinstance(key, Const))
    return frozenset(found)


def spelled_out(program: Program, block: Block, call: Form) -> Form:
    """A call with the dictionaries that it spreads written out as keywords, where they are displays of its file."""
    keywords: list[Form] = []
    for keyword, value, at in call[4]:
        found = list(origins(program, block, value)) if keyword is None else []
        known = len(found) == 1 and found[0].block.module is block.module
        given = _keywords(found[0].form) if known else None
        keywords += [[keyword, value, at]] if given is None else given
    return [*call[:4], keywords]


def _keywords(display: Form) -> list[Form] | None:
    """The items of a dictionary display, `dict(key=value)` included, as keywords of a call."""
    match display:
        case ["dict", _, pairs] if all(key is not None and key[0] == "const" for key, _ in pairs):
            return [[key[2], value, value[1]] for key, value in pairs]
        case ["call", _, ["name", _, "dict"], [], keywords] if all(keyword is not None for keyword, _, _ in keywords):
            return list(keywords)
    return None


def _takes_rest(function: Function, name: str) -> bool:
    return any(item[0] == name and item[1] == KEYWORDS for item in function.parameters)


def _is_assigned(block: Block, name: str) -> bool:
    """Whether a block changes a dictionary by its name, so that it may hold more."""
    if isinstance(block.scope, FunctionScope) and block.scope.assignments(name):
        return True
    for form in block.forms.of("assign", "call"):
        match form:
            case ["assign", _, [["sub", _, ["name", _, owner], _], *_], _] if owner == name:
                return True
            case ["call", _, ["attr", _, ["name", _, owner], "update" | "setdefault"], *_] if owner == name:
                return True
    return False


def _given(program: Program, function: Function, depth: int) -> frozenset[str] | None:
    """What all callers of a function give beyond its own parameters."""
    own = {item[0] for item in function.parameters}
    calls = [(block, call) for block, call, _ in callers(program, function)]
    if function.name == "__init__" and isinstance(function.owner, Class):
        calls += _makings(program, function.owner)
    found: set[str] = set()
    for block, call in calls:
        for keyword, value, _ in call[4]:
            more = frozenset({keyword}) if keyword is not None else keys(program, block, value, depth - 1)
            if more is None:
                return None
            found |= more - own
    return frozenset(found) if calls else None


def _makings(program: Program, cls: Class) -> Iterator[tuple[Block, Form]]:
    """The calls that make objects of a class."""
    for block in program.sites.blocks(frozenset({cls.name})):
        for form in block.forms.of("call"):
            named = form[2][0] in ("name", "attr") and form[2][-1] == cls.name
            if named and any(option is cls for option in options(ask(program, block, form[2]))):
                yield block, form


def _of_object(program: Program, cls: Class, name: str, depth: int) -> frozenset[str] | None:
    """What `self.name` holds: what one method assigns to it, when no other does."""
    assigned: list[tuple[Block, Form]] = []
    for method in cls.namespace.values():
        block = body_of(program, method) if isinstance(method, Function) else None
        for form in block.forms.of("assign", "annassign") if block is not None else ():
            targets = form[2] if form[0] == "assign" else [form[2]]
            if any(_is_own(target, name) for target in targets) and form[-1] is not None and block is not None:
                assigned.append((block, form[-1]))
            elif any(target[0] == "sub" and _is_own(target[2], name) for target in targets):
                return None
    return keys(program, *assigned[0], depth - 1) if len(assigned) == 1 else None


def _is_own(form: Form, name: str) -> bool:
    return form[0] == "attr" and form[3] == name and form[2][0] == "name" and form[2][2] in ("self", "cls")
