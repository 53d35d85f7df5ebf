"""Whether code looks at the expiry of a token's claims itself, with a comparison or a call of `validate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.checks._origins import body_of, called, callers
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ORDER = frozenset({"<", "<=", ">", ">="})
_EXPIRY = frozenset(
    {"exp", "exp_timestamp", "expires", "expires_at", "expire_at", "expiry", "expiration", "expiration_time"}
)
_VALIDATORS = frozenset({"validate", "validate_exp", "validate_claims"})

Looks = Callable[[Block], bool]


def looked_at(program: Program, block: Block, looks: Looks, depth: int = 2) -> bool:
    """Whether a block, a function that it calls, or every caller of it (up to `depth` away) looks at the expiry."""
    if looks(block) or any(looks(inner) for inner in _inner(program, block)):
        return True
    if depth == 0 or block.function is None:
        return False
    around = [caller for caller, _, _ in callers(program, block.function)]
    return bool(around) and all(looked_at(program, caller, looks, depth - 1) for caller in around)


def _inner(program: Program, block: Block) -> list[Block]:
    found = []
    for form in walk(block.statements):
        if form[0] == "call" and form[2][0] in ("name", "attr"):
            for function, _ in called(program, block, form):
                inner = body_of(program, function)
                if inner is not None and inner.function is not block.function:
                    found.append(inner)
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
