"""Which claims are read from what an unverified reading of a token gives."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block

_CLAIMS = "payload"
"""Where `decode_complete` keeps the claims, beside `header` and `signature` (PyJWT, api_jwt.py)."""


def keys_read(block: Block, call: Form) -> set[str]:
    """The keys that are read from what a call gives; a star for uses that are not the reading of a key.

    A key that an `assert` compares gives nobody anything. Where a whole token is read the claims are in its payload.
    """
    names = block.forms.names_of(lambda value: value is call)
    asserted = {id(item) for form in block.forms.of("assert") for item in walk(form)}
    found: list[str] = []
    below: list[str] = []
    taken = 0
    for form in block.forms.every:
        match form:
            case ["sub", _, owner, index] if is_given(owner, call, names):
                found += [] if id(form) in asserted else [_key(index)]
                taken += 1
            case ["call", _, ["attr", _, owner, "get" | "pop"], [index, *_], _] if is_given(owner, call, names):
                found += [] if id(form) in asserted else [_key(index)]
                taken += 1
            case ["sub", _, ["sub", _, owner, ["const", _, "payload"]], index] if is_given(owner, call, names):
                below.append(_key(index))
            case ["call", _, ["attr", _, ["sub", _, owner, ["const", _, "payload"]], "get"], [index, *_], _] if (
                is_given(owner, call, names)
            ):
                below.append(_key(index))
            case ["compare", _, ["const", *_], ["in" | "not in"], [owner]] if is_given(owner, call, names):
                taken += 1
            case ["if" | "unary" | "bool", *_]:
                taken += sum(1 for item in _tested(form) if item[0] == "name" and item[2] in names)
    uses = sum(1 for form in block.forms.every if form[0] == "name" and form[2] in names)
    stored = sum(1 for form in block.forms.every if form[0] == "assign" for item in form[2] if _named(item, names))
    if not names and not found:
        return {"*"}
    if below and found.count(_CLAIMS) == len(below):
        found = [key for key in found if key != _CLAIMS] + below
    return {*found} | ({"*"} if uses - stored > taken else set())


def _key(index: Form) -> str:
    return str(index[2]) if index[0] == "const" else "*"


def _tested(form: Form) -> list[Form]:
    return [form[2]] if form[0] == "if" else [form[3]] if form[0] == "unary" else list(form[3])


def _named(form: Form, names: set[str]) -> bool:
    return form[0] == "name" and form[2] in names


def is_given(form: Form, call: Form, names: set[str]) -> bool:
    """Whether an expression is what a call gives, by itself or by a name of it."""
    return form is call or (form[0] == "name" and form[2] in names)
