"""The parts of a token that somebody takes apart at its dots, as text."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function

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
            return splits(inner)
    return False


def splits(form: Form) -> bool:
    """`x.split(".")`"""
    match form:
        case ["call", _, ["attr", _, _, "split"], [["const" | "bytes", _, "."], *_], _]:
            return True
    return False


def _partitions(form: Form) -> bool:
    match form:
        case ["call", _, ["attr", _, _, "partition"], [["const" | "bytes", _, "."]], _]:
            return True
    return False


def gives_parts(function: Function) -> bool:
    """Whether a function takes a token apart for its caller: `return token.split(".")`, or the names of the parts."""
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    split = {
        item[2]
        for form in function.forms.of("assign")
        if splits(form[3])
        for target in form[2]
        for item in walk(target)
        if item[0] == "name"
    }
    return bool(given) and all(
        splits(value)
        or _named(value, split)
        or (value[0] in ("tuple", "list") and len(value[2]) > 1 and all(_named(item, split) for item in value[2]))
        for value in given
    )


def kept_second(block: Block) -> set[str]:
    """The attributes in which an initializer keeps the second part: `self.header, self.payload, _ = raw.split(".")`."""
    found: set[str] = set()
    for form in block.forms.of("assign"):
        match form:
            case ["assign", _, [["tuple" | "list", _, [_, ["attr", _, ["name", _, "self"], name], *_]]], value]:
                found |= {name} if splits(value) else set()
            case ["assign", _, [["attr", _, ["name", _, "self"], name]], value] if _is_item(value):
                found.add(name)
    return found


def second_parts(block: Block, splitters: frozenset[str] = frozenset()) -> tuple[set[str], set[str]]:
    """The names that hold the second part of something split at dots, padded or not, and those that hold all parts.

    `splitters` are functions of the project that split.
    """

    def _splits(form: Form) -> bool:
        return splits(form) or (form[0] == "call" and last_name(form[2]) in splitters)

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


def taken_apart(block: Block) -> Form | None:
    """The token that a block takes apart at its dots; None where it does so with several."""
    found = [
        form[2][2]
        for form in block.forms.of("call")
        if form[2][0] == "attr" and (splits(form) or _partitions(form)) and form[2][2][0] in ("name", "attr")
    ]
    return found[0] if found and all(form[2:] == found[0][2:] for form in found) else None
