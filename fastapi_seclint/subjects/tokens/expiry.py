"""Whether code looks at the expiry of a token's claims itself, with a comparison or a call of `validate`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import body_of, called, callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ORDER = frozenset({"<", "<=", ">", ">="})
_EXPIRY = frozenset(
    {"exp", "exp_timestamp", "expires", "expires_at", "expire_at", "expiry", "expiration", "expiration_time"}
)
_EXPIRED = frozenset({"expired", "is_expired", "has_expired"})
_VALIDATING = re.compile(r"^_*(validate|verify|check)\w*(payload|claims|token|key|expir|session)", re.I)
_VALIDATORS = frozenset({"validate", "validate_exp", "validate_claims"})

Looks = Callable[[Block], bool]


def looked_at(program: Program, block: Block, call: Form, looks: Looks, depth: int = 2) -> bool:
    """Whether the expiry of what a call in a block gives is looked at.

    By the block itself, by a function that the block hands it to, or by every caller of it (up to `depth` away).
    """
    if looks(block) or any(looks(inner) for inner in _handed_to(program, block, call)):
        return True
    if _validated_out_of_sight(program, block, call):
        return True
    if depth == 0 or block.function is None:
        return False
    around = list(callers(program, block.function))
    return bool(around) and all(looked_at(program, caller, use, looks, depth - 1) for caller, use, _ in around)


def _validated_out_of_sight(program: Program, block: Block, source: Form) -> bool:
    """Whether claims go to a call that says it validates them and whose code is not known: `key.validate_claims(...)`.

    Claims that are assigned to a name first count.
    """
    names = block.forms.names_of(lambda value: value is source)
    for form in block.forms.of("call"):
        if form[2][0] != "attr" or not _VALIDATING.search(form[2][3]):
            continue
        given = arguments(form)
        passed = any(value is source or (value[0] == "name" and value[2] in names) for value in given)
        if passed and not any(True for _ in called(program, block, form)):
            return True
    return False


def _handed_to(program: Program, block: Block, source: Form) -> Iterator[Block]:
    """The functions that get what a call gives as an argument, directly or by a name, and those they hand it on to."""
    for inner in _given(program, block, source, frozenset()):
        yield inner
        if inner.function is not None:
            yield from _given(program, inner, None, frozenset(item[0] for item in inner.function.parameters))


def _given(program: Program, block: Block, source: Form | None, known: frozenset[str]) -> Iterator[Block]:
    """The functions that a block calls with a form, with a name of it, or with what is made of either."""
    names = set(known)

    def concerned(form: Form | list[Form]) -> bool:
        return any(one is source or (one[0] == "name" and one[2] in names) for one in walk(form))

    for name, value in block.forms.bindings():
        names |= {name} if concerned(value) else set()
    for form in block.forms.of("call"):
        if form[2][0] not in ("name", "attr") or form is source:
            continue
        if concerned(arguments(form)):
            for function, _ in called(program, block, form):
                if (inner := body_of(program, function)) is not None:
                    yield inner


def compares(block: Block) -> bool:
    """Whether a block compares the expiry of something with `<`, `<=`, `>` or `>=`, or is there to tell it.

    `if key.expired:` asks somebody who does.
    """
    for form in block.forms.of("if"):
        if any(inner[0] == "attr" and inner[3] in _EXPIRED for inner in walk(form[2])):
            return True
    names = set(_EXPIRY)
    for name, value in block.forms.bindings():
        names |= {name} if _mentions(value, names) else set()
    if any(form[0] == "return" and _tells(form[2], names) for form in block.forms.every):
        return True
    return any(
        form[0] == "compare"
        and _ORDER.intersection(form[3])
        and any(_mentions(side, names) for side in (form[2], *form[4]))
        for form in block.forms.every
    )


def _tells(form: Form | None, names: set[str]) -> bool:
    """Whether an expression is an expiry and nothing more: `claims["exp"]`, `int(expires_at)`."""
    match form:
        case ["call", _, ["name", _, "int" | "float"], [inner], *_]:
            return _tells(inner, names)
        case ["name" | "attr" | "sub" | "call", *_]:
            return _mentions(form, names) and (form[0] != "call" or form[2][-1] in ("get", "fromtimestamp"))
    return False


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
    calls = (form for form in block.forms.every if form[0] == "call" and form[2][0] == "attr")
    return any(last_name(form[2]) in _VALIDATORS for form in calls) or compares(block)
