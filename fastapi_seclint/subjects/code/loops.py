"""What a name in a loop, comprehension or `filter` goes through: `KEYS` of `for key in KEYS`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block


def loops(block: Block, name: str) -> Iterator[tuple[Form, list[Form]]]:
    """What a name stands for the items of, or for parts of them, and the conditions of a comprehension."""
    for form in block.forms.of("for", "comp"):
        found = [[form[2], form[3], []]] if form[0] == "for" else form[5]
        for target, iterable, conditions in found:
            if any(one[0] == "name" and one[2] == name for one in walk(target)):
                yield iterable, conditions
    for form in block.forms.of("call"):
        match form:
            case ["call", _, ["name", _, "filter" | "map"], [["lambda", _, [[parameter, *_]], _], iterable], []]:
                if parameter == name:
                    yield iterable, []


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
