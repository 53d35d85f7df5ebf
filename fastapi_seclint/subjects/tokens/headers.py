"""Whether a value is read from the header of a token, which its sender writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import body_of, called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_READERS = frozenset({"get_unverified_header", "get_unverified_headers"})
_BY_HAND = frozenset({"b64decode", "urlsafe_b64decode", "base64url_decode", "decode_complete"})


def from_header(program: Program, block: Block, form: Form, depth: int = 3) -> bool:
    """Whether an expression is, or holds, what `get_unverified_header` gives or somebody decodes by hand."""
    for item in walk(form):
        match item:
            case ["call", _, ["name" | "attr", *_] as function, *_] if function[-1] in _READERS:
                return True
            case ["call", _, ["name" | "attr", *_] as function, *_] if function[-1] in _BY_HAND:
                return True
            case ["call", *_] if depth and _helper(program, block, item, depth - 1):
                return True
            case ["name", _, name] if depth and _assigned(program, block, name, depth - 1):
                return True
    return False


def _assigned(program: Program, block: Block, name: str, depth: int) -> bool:
    for form in block.forms.every:
        if form[0] in ("assign", "annassign", "walrus") and form[-1] is not None:
            targets = form[2] if form[0] == "assign" else [form[2]]
            named = any(item[0] == "name" and item[2] == name for target in targets for item in walk(target))
            if named and from_header(program, block, form[-1], depth):
                return True
    return False


def _helper(program: Program, block: Block, call: Form, depth: int) -> bool:
    for function, _ in called(program, block, call):
        inner = body_of(program, function)
        returned = [] if inner is None else [item[2] for item in inner.forms.every if item[0] == "return"]
        for value in returned:
            if inner is not None and value is not None and from_header(program, inner, value, depth):
                return True
    return False
