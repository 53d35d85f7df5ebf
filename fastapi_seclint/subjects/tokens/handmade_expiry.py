"""Tokens that expire by a claim of the project's own, compared by hand where they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.texts import blocks_with
from fastapi_seclint.subjects.payloads.known import Claims

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_WORDS = frozenset({"expires", "expire", "expiry", "expiration", "exp", "until", "iat", "issued", "created", "expired"})
_BEGINNINGS = frozenset({"iat", "issued", "created"})
"""Times of making a token; with no length added to them a comparison is one with the last logout, say."""
_ORDER = frozenset({"<", "<=", ">", ">="})
_KNOWN: WeakKeyDictionary[Program, dict[str, bool]] = WeakKeyDictionary()


def checked_by_hand(program: Program, claims: Claims) -> bool:
    """Whether a claim other than `exp` dates the token and some code of the project compares it with the time."""
    dates = [key for key in claims.items if key != "exp" and _WORDS & set(words_of(key))]
    return any(_compared(program, key) for key in dates)


def own_expiry(program: Program, claims: Claims) -> str:
    """The claim of the project's own that says until when a token is good, where it has no `exp`; else empty."""
    dates = [key for key in claims.items if key != "exp" and (_WORDS - _BEGINNINGS) & set(words_of(key))]
    return next((key for key in dates if _compared(program, key)), "") if claims.get("exp") is None else ""


def _compared(program: Program, key: str) -> bool:
    known = _KNOWN.setdefault(program, {})
    if key not in known:
        known[key] = any(_compares(block, key) for block in blocks_with(program, key))
    return known[key]


def _compares(block: Block, key: str) -> bool:
    names: set[str] = set()
    for name, value in block.forms.bindings():
        names |= {name} if _reads(value, key, names) else set()
    beginning = bool(_BEGINNINGS & set(words_of(key)))
    return any(
        form[0] == "compare"
        and _ORDER.intersection(form[3])
        and _reads([form[2], *form[4]], key, names)
        and (not beginning or _counts_from(form))
        for form in block.forms.every
    )


def _counts_from(form: Form) -> bool:
    """Whether a comparison adds a length to a time, and is not about the expiry that the token has as well."""
    inside = list(walk(form))
    dated = any(item[0] == "const" and item[2] == "exp" for item in inside)
    return not dated and any(item[0] == "binop" for item in inside)


def _reads(form: Form, key: str, names: set[str]) -> bool:
    for inner in walk(form):
        match inner:
            case ["name", _, name] if name in names:
                return True
            case ["attr", _, _, name] if name == key:
                return True
            case ["sub", _, _, ["const", _, name]] | ["call", _, ["attr", _, _, "get"], [["const", _, name], *_], _]:
                if name == key:
                    return True
    return False
