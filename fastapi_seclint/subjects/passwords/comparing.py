"""Where a hash or digest of a password is compared: what was typed, what is stored, and how that is verified."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import called
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.plain_comparison import pairs

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords
    from fastapi_seclint.subjects.passwords.stages import Text

_SAME = frozenset({"encode", "decode", "lower", "upper", "strip", "hexdigest", "digest", "hex"})
PARTS = frozenset({"split", "rsplit", "partition", "rpartition"})
"""Methods that take a stored text apart into salt and digest."""
_SALTS = ("salt", "pepper", "rounds", "iterations")
_DUMMY = re.compile(r"dummy|fake|nobody|placeholder", re.I)
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with a hash that was just made: the whole, what was typed, what is stored."""

    block: Block
    form: Form
    plain: Form
    stored: Form
    perhaps_none: bool = False
    """Whether there may be nothing stored, since the comparison has another hash for that: `stored or DUMMY`."""
    chosen: str = ""
    """What is stored as code, where it is taken only from a user who exists: `user.hash if user else None`."""

    @property
    def negated(self) -> bool:
        return bool(self.form[0] == "compare" and self.form[3] == ["!="])


def comparisons_of(known: Passwords, text: Text) -> Iterator[tuple[Block, Form, Comparison | None]]:
    """The comparisons of what a hash or digest is: block, whole, and its parts when they can be told apart."""
    for block, form, left, right in pairs(known):
        for side, other in ((left, right), (right, left)):
            made = made_of(known, block, side, text)
            if made is not None:
                real, perhaps_none, chosen = _real(block, other)
                plain, stored = typed(known, block, made), whole_of(block, real)
                if plain is None or stored is None:
                    yield block, form, None
                else:
                    yield block, form, Comparison(block, form, plain, stored, perhaps_none, chosen)
                break


def _real(block: Block, other: Form) -> tuple[Form, bool, str]:
    """The stored hash without what takes its place for a user who does not exist, and the code that has both."""
    match other:
        case ["bool", _, "or", [stored, ["name", _, name]]] if _DUMMY.search(name):
            return stored, True, ""
        case ["ifexp", _, test, stored, other_one] if stored[0] in ("attr", "sub") and (asked := code(test)):
            name = other_one[2] if other_one[0] == "name" else ""
            kept = bool(name) and _is_made_by_call(block, name)
            if kept or (other_one[0] == "const" and not other_one[2]):
                return stored, not kept, f"{code(stored)} if {asked} else {name if kept else None}"
    return other, False, ""


def _is_made_by_call(block: Block, name: str) -> bool:
    """Whether a constant of the file is what some call gave, the very function that is mended."""
    return any(
        form[0] == "assign" and form[3][0] == "call" and [item[2] for item in form[2] if item[0] == "name"] == [name]
        for form in block.module.facts.module
    )


def made_of(known: Passwords, block: Block, side: Form, text: Text) -> Text | None:
    """What a side of a comparison is, when it is made of this hash or digest."""
    if side[0] == "call":
        functions = [function for function, _ in called(known.program, block, side)]
        if not functions and side[2][0] == "attr" and side[2][3] in _SAME:
            return made_of(known, block, side[2][2], text)
        for function in functions:
            returned = known.returned(function)
            if returned is not None and returned.kind != "plain" and _is_at(returned, text):
                return replace(returned, through=side)
    made = known.text(block, side)
    return made if made is not None and made.kind != "plain" and _is_at(made, text) else None


def _is_at(made: Text, text: Text) -> bool:
    return bool(made.form[1] == text.form[1] and made.block.module is text.block.module)


def typed(known: Passwords, block: Block, made: Text) -> Form | None:
    """The password that a hash is made of, as it is called in the block of its use."""
    if made.through is None:
        return plain_in(known, made.block, made.form)
    for function, bound in called(known.program, block, made.through):
        inside = plain_in(known, made.block, made.form)
        if inside is None or inside[0] != "name" or made.block.function is not function:
            return _argument(known, block, made.through)
        names = [item[0] for item in function.parameters]
        if inside[2] not in names:
            return None
        at = names.index(inside[2]) - (1 if bound else 0)
        named = next((value for keyword, value, _ in made.through[4] if keyword == inside[2]), None)
        given: Form | None = named or (made.through[3][at] if 0 <= at < len(made.through[3]) else None)
        return given
    return None


def _argument(known: Passwords, block: Block, call: Form) -> Form | None:
    given: list[Form] = arguments(call)
    return given[0] if len(given) == 1 else plain_in(known, block, call)


def plain_in(known: Passwords, block: Block, call: Form) -> Form | None:
    """The password itself in what a call is given, by what is known of it, else by what it is called."""
    given = list(walk([call[3], [value for _, value, _ in call[4]]]))
    parts = [form for form in given if form[0] in ("name", "attr", "sub")]
    parts += [form for data in known.updates(block, call) for form in walk(data) if form[0] in ("name", "attr", "sub")]
    for form in parts:
        text = known.text(block, form)
        if text is not None and text.kind == "plain":
            return next((whole for whole in given if _unseals(whole, form)), form)
    return _by_parameter(block.function, parts)


def _unseals(call: Form, sealed: Form) -> bool:
    """Whether a call takes the text out of a `SecretStr` of pydantic, which no hasher takes as it is."""
    return call[0] == "call" and call[2][0] == "attr" and call[2][3] == "get_secret_value" and call[2][2] is sealed


def _by_parameter(function: Function | None, parts: list[Form]) -> Form | None:
    """The only parameter in a call that is no salt."""
    names = [item[0] for item in function.parameters] if function is not None else []
    found = {form[2]: form for form in parts if form[0] == "name" and form[2] in names}
    plain = [form for name, form in found.items() if not any(word in name.lower() for word in _SALTS)]
    return plain[0] if len(plain) == 1 and naming(plain[0][2]) != "kept" else None


def whole_of(block: Block, form: Form, depth: int = _DEPTH) -> Form | None:
    """What is stored, as a whole, where an expression may be a part of it: the digest behind a salt."""
    match form:
        case ["call", _, ["attr", _, inner, name], [], []] if name in _SAME and depth:
            return whole_of(block, inner, depth - 1)
        case ["call", _, ["attr", _, inner, name], *_] if name in PARTS and depth:
            return whole_of(block, inner, depth - 1)
        case ["sub", _, inner, ["const", _, int()]] if depth and not _is_apart(block, inner, depth - 1):
            return form if inner[0] in ("name", "attr") else None
        case ["sub", _, inner, ["slice", *_] | ["const", _, int()] | ["unary", *_]] if depth:
            return whole_of(block, inner, depth - 1)
        case ["name", _, name] if isinstance(block.scope, FunctionScope) and depth:
            return _assigned(block, block.scope, form, name, depth - 1)
        case ["name" | "attr", *_] | ["sub", _, _, ["const", _, str()]] | ["call", _, ["attr", _, _, "get"], *_]:
            return form
    return None


def _assigned(block: Block, scope: FunctionScope, form: Form, name: str, depth: int) -> Form | None:
    found = [item for item in scope.assignments(name) if item[1] < form[1]]
    if not found:
        return form
    statement = found[-1]
    if statement[0] != "assign" or len(found) > 1:
        return None
    if any(target[0] == "name" for target in statement[2]):
        whole = whole_of(block, statement[3], depth)
        return form if whole is None else whole
    if statement[3][0] in ("name", "attr", "ifexp", "await") and not _is_apart(block, statement[3], depth):
        return form
    return whole_of(block, statement[3], depth)


def _is_apart(block: Block, form: Form, depth: int) -> bool:
    """Whether an expression is the parts of one text, not the columns of a row."""
    match form:
        case ["call", _, ["attr", _, _, name], *_]:
            return name in PARTS
        case ["name", _, name] if isinstance(block.scope, FunctionScope) and depth:
            found = [item for item in block.scope.assignments(name) if item[0] == "assign" and item[1] < form[1]]
            return bool(found) and _is_apart(block, found[-1][3], depth - 1)
    return False
