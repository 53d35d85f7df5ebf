"""What a name in a loop, comprehension or `filter` goes through: `KEYS` of `for key in KEYS`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fastapi_seclint.facts.forms import Form, Forms, names_in
from fastapi_seclint.program.sites import Block


def loops(block: Block, name: str) -> list[tuple[Form, list[Form]]]:
    """What a name stands for the items of, or for parts of them, and the conditions of a comprehension."""
    return _loops(block.forms).get(name, [])


@lru_cache(maxsize=32)
def _loops(forms: Forms) -> dict[str, list[tuple[Form, list[Form]]]]:
    """The same of every name of a block, which are asked for one after the other."""
    found: dict[str, list[tuple[Form, list[Form]]]] = {}
    for form in forms.of("for", "comp"):
        for target, iterable, conditions in [[form[2], form[3], []]] if form[0] == "for" else form[5]:
            for name in names_in(target):
                found.setdefault(name, []).append((iterable, conditions))
    for form in forms.of("call"):
        match form:
            case ["call", _, ["name", _, "filter" | "map"], [["lambda", _, [[parameter, *_]], _], iterable], []]:
                found.setdefault(parameter, []).append((iterable, []))
    return found


def turns(block: Block, name: str) -> Iterator[tuple[Form, int | None]]:
    """What a name stands for the items of, with the number of the part where the items are taken apart.

    `KEYS.items()` and 1 for `key` of `for owner, key in KEYS.items()`.
    """
    for form in block.forms.of("for", "comp"):
        for target, iterable, *_ in [[form[2], form[3]]] if form[0] == "for" else form[5]:
            if target[0] == "name" and target[2] == name:
                yield iterable, None
            elif target[0] in ("tuple", "list"):
                parts = (number for number, one in enumerate(target[2]) if one[0] == "name" and one[2] == name)
                yield from ((iterable, number) for number in parts)
