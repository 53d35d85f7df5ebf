"""The parts of a token that somebody takes apart at its dots, as text."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block

BASE64 = frozenset({"b64decode", "urlsafe_b64decode", "base64url_decode", "a2b_base64"})
"""The functions by which a part of a token is decoded (base64, binascii, jwt.utils, jose.utils)."""

_SEALED = 3
"""How many parts an encrypted token has behind its second one, the key that it is sealed with (RFC 7516, 3.1)."""


def takes_second(forms: list[Form], parts: set[str], lists: set[str]) -> bool:
    """Whether expressions have the second part of a token in them, by the names that `second_parts` gives."""
    return any(is_second(item, parts, lists) for item in walk(forms))


def is_second(form: Form, parts: set[str], lists: set[str]) -> bool:
    """Whether an expression is the second part: `x.split(".")[1]`, an item of a list of parts, a name for it."""
    return _is_item(form) or _named(form, parts) or _of_list(form, lists)


def _named(form: Form, names: set[str]) -> bool:
    return form[0] == "name" and form[2] in names


def _is_item(form: Form) -> bool:
    """`x.split(".")[1]`"""
    match form:
        case ["sub", _, inner, ["const", _, 1]]:
            return _splits(inner)
    return False


def _splits(form: Form) -> bool:
    match form:
        case ["call", _, ["attr", _, _, "split"], [["const" | "bytes", _, "."], *_], _]:
            return True
    return False


def _partitions(form: Form) -> bool:
    match form:
        case ["call", _, ["attr", _, _, "partition"], [["const" | "bytes", _, "."]], _]:
            return True
    return False


def second_parts(block: Block) -> tuple[set[str], set[str]]:
    """The names that hold the second part of something split at dots, padded or not, and those that hold all parts."""
    lists: set[str] = set()
    rests: set[str] = set()
    found: set[str] = set()
    for form in block.forms.of("assign", "augassign"):
        match form:
            case ["assign", _, [["name", _, name]], value] if _splits(value):
                lists.add(name)
            case ["assign", _, [["tuple" | "list", _, [first, ["name", _, name], *rest]]], value] if _splits(value):
                found |= set() if _is_marker(block, first) or len(rest) == _SEALED else {name}
            case ["assign", _, [["tuple" | "list", _, [["name", _, first], *_, ["name", _, last]]]], value] if (
                _partitions(value)
            ):
                if any(_named(item, rests) for item in walk(value)):
                    found.add(first)
                rests.add(last)
            case ["assign", _, [["name", _, name]], value] | ["augassign", _, _, ["name", _, name], value]:
                if any(is_second(item, found, lists) for item in walk(value)):
                    found.add(name)
    return found, lists


def _is_marker(block: Block, first: Form) -> bool:
    """Whether the first part is compared with a text: then it is no header of a token, but says what follows."""
    for form in block.forms.of("compare"):
        sides = [form[2], *form[4]]
        if any(item[0] == "name" and item[2] == first[-1] for item in sides):
            return any(item[0] == "const" and isinstance(item[2], str) for item in sides)
    return False


def _of_list(form: Form, lists: set[str]) -> bool:
    match form:
        case ["sub", _, ["name", _, name], ["const", _, 1]]:
            return name in lists
    return False
