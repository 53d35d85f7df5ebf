"""Whether code looks at the expiry of a token's claims itself, with a comparison or a call of `validate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import body_of, called, callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ORDER = frozenset({"<", "<=", ">", ">="})
_EXPIRY = frozenset(
    {"exp", "exp_timestamp", "expires", "expires_at", "expire_at", "expiry", "expiration", "expiration_time"}
)
_VALIDATORS = frozenset({"validate", "validate_exp", "validate_claims"})

Looks = Callable[[Block], bool]


def looked_at(program: Program, block: Block, call: Form, looks: Looks, depth: int = 2) -> bool:
    """Whether the expiry of what a call in a block gives is looked at.

    By the block itself, by a function that the block hands it to, or by every caller of it (up to `depth` away).
    """
    if looks(block) or any(looks(inner) for inner in _handed_to(program, block, call)):
        return True
    if depth == 0 or block.function is None:
        return False
    around = list(callers(program, block.function))
    return bool(around) and all(looked_at(program, caller, use, looks, depth - 1) for caller, use, _ in around)


def _handed_to(program: Program, block: Block, source: Form) -> list[Block]:
    """The functions that get what a call gives as an argument, directly or by a name."""
    names = {
        target[2]
        for form in walk(block.statements)
        if form[0] in ("assign", "annassign") and form[-1] is not None and any(one is source for one in walk(form[-1]))
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] == "name"
    }
    found = []
    for form in walk(block.statements):
        if form[0] == "call" and form[2][0] in ("name", "attr") and form is not source:
            given = [*form[3], *(value for _, value, _ in form[4])]
            if not any(one is source or (one[0] == "name" and one[2] in names) for one in walk(given)):
                continue
            inner = [body_of(program, function) for function, _ in called(program, block, form)]
            found += [one for one in inner if one is not None]
    return found


def compares(block: Block) -> bool:
    """Whether a block compares the expiry of something with `<`, `<=`, `>` or `>=`."""
    names = set(_EXPIRY)
    for form in walk(block.statements):
        if form[0] in ("assign", "annassign") and form[-1] is not None and _mentions(form[-1], names):
            targets = form[2] if form[0] == "assign" else [form[2]]
            names.update(target[2] for target in targets if target[0] == "name")
    return any(
        form[0] == "compare"
        and _ORDER.intersection(form[3])
        and any(_mentions(side, names) for side in (form[2], *form[4]))
        for form in walk(block.statements)
    )


def _mentions(form: Form, names: set[str]) -> bool:
    for inner in walk(form):
        match inner:
            case ["name", _, name] if name in names:
                return True
            case ["attr", _, _, name] if name in _EXPIRY:
                return True
            case ["sub", _, _, ["const", _, "exp"]] | ["call", _, ["attr", _, _, "get"], [["const", _, "exp"], *_], _]:
                return True
    return False


def validates(block: Block) -> bool:
    """Whether a block calls a method that validates claims, or compares the expiry by hand."""
    calls = (form for form in walk(block.statements) if form[0] == "call" and form[2][0] == "attr")
    return any(form[2][-1] in _VALIDATORS for form in calls) or compares(block)
