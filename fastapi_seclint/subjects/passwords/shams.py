"""Functions that are called hashers and give back the password as they got it: `def hash_password(p): return p`.

Those that put a word before or behind it, as the tutorial does, `return "fakehashed" + p`, are none either.

And those that are called after a test of a hash and compare the two as they are, `return stored == plain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.passwords import hashers
from fastapi_seclint.subjects.passwords.whole_bodies import Kept

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


_SHAM = re.compile(r"^_*(fake|pseudo|toy|simple)_", re.I)
"""How the name of a hasher begins that is known to be none: `fake_hash_password`."""


def shams(known: Passwords) -> Iterator[Kept]:
    """What such functions return, the password itself, in functions whose whole body that is."""
    for block in known.blocks:
        function = block.function
        if function is None or hashers.step_by_name(["name", 0, _SHAM.sub("", function.name)]) != "hash":
            continue
        match [form for form in function.statements() if form[0] != "expr"]:
            case [["return", _, value]] if value is not None and _is_given(
                value, [item[0] for item in function.parameters]
            ):
                if value[0] != "fstr" or not _is_hashed_by_callers(known, function):
                    yield Kept(block, value[1], value, True)


def used_where_found(known: Passwords, sham: Kept, found: Sequence[Kept]) -> bool:
    """Whether all who call such a function keep or compare what it gives, and are found themselves for that."""
    places = {(item.block.module.file, item.block.number) for item in found}
    used = callers(known.program, sham.block.function) if sham.block.function is not None else ()
    calling = {(block.module.file, block.number) for block, _, _ in used}
    return bool(calling) and calling <= places


def _is_hashed_by_callers(known: Passwords, function: Function) -> bool:
    """Whether whoever calls a function hashes or verifies what it gives: `hash_password(fake_hash_password(plain))`."""
    used = list(callers(known.program, function))
    return bool(used) and all(_is_hashed(known, block, call) for block, call, _ in used)


def _is_hashed(known: Passwords, block: Block, call: Form) -> bool:
    for outer in block.forms.of("call"):
        if any(given is call for given in arguments(outer)):
            text = known.text(block, outer)
            return (text is not None and text.kind == "hash") or known.is_verification(block, outer)
    return False


def _is_given(value: Form, names: list[str]) -> bool:
    """Whether a text is what a function was given, or that with words around it: `"fakehashed" + password`."""
    parts = [item for item in value[2] if item[0] != "const"] if value[0] == "fstr" else [value]
    given = [item[2] if item[0] == "fmt" and item[3] == "" else item for item in parts]
    return len(given) == 1 and given[0][0] == "name" and given[0][2] in names


def sham_tests(known: Passwords) -> Iterator[Kept]:
    """What the tests that belong to such hashers compare, whatever their parameters are called."""
    for block in known.blocks:
        function = block.function
        if function is None or hashers.step_by_name(["name", 0, function.name]) != "verify":
            continue
        names = [item[0] for item in function.parameters if item[0] not in ("self", "cls")]
        match [form for form in function.statements() if form[0] != "expr"]:
            case [["return", _, ["compare", at, ["name", _, _] as left, ["=="], [["name", _, _] as right]]]]:
                if sorted((left[2], right[2])) == sorted(names):
                    typed, stored = (left, right) if left[2] == names[0] else (right, left)
                    yield Kept(block, at, typed, True, stored=stored)
