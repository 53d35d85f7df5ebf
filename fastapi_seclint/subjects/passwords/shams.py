"""Functions that are called hashers and give back the password as they got it: `def hash_password(p): return p`.

And those that are called after a test of a hash and compare the two as they are, `return stored == plain`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.subjects.passwords import hashers
from fastapi_seclint.subjects.passwords.whole_bodies import Kept

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


def shams(known: Passwords) -> Iterator[Kept]:
    """What such functions return, the password itself, in functions whose whole body that is."""
    for block in known.blocks:
        function = block.function
        if function is None or hashers.step_by_name(["name", 0, function.name]) != "hash":
            continue
        match [form for form in function.statements() if form[0] != "expr"]:
            case [["return", _, ["name", at, name] as value]] if any(item[0] == name for item in function.parameters):
                yield Kept(block, at, value, True)


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
