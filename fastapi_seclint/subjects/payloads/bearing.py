"""Which names of a block bear on others, so that a walk leaves out what cannot matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_Pair = tuple[set[str], set[str]]
_PAIRS: WeakKeyDictionary[Program, dict[tuple[str, int], list[_Pair]]] = WeakKeyDictionary()


def roots(form: Form) -> Iterator[str]:
    """The names that an expression mentions, attributes with what they are taken from."""
    for item in walk(form):
        if item[0] == "name":
            yield item[2]
        elif item[0] == "attr":
            yield spelled(item)


def bearing_on(program: Program, block: Block, seeds: set[str]) -> set[str]:
    """The names that bear on some names: those that go into their assignments and changes, again and again."""
    known, key = _PAIRS.setdefault(program, {}), (block.module.file, block.number)
    if key not in known:
        known[key] = [pair for form in block.forms.every for pair in _pairs(form)]
    pairs = known[key]
    found = set(seeds)
    size = -1
    while size != len(found):
        size = len(found)
        for targets, sources in pairs:
            if found & targets:
                found |= sources
    return found


def _pairs(form: Form) -> Iterator[_Pair]:
    """The names that a statement changes, with those that go into it."""
    match form:
        case ["assign", _, targets, value]:
            names = {name for target in targets for name in roots(target)}
            yield names, {*names, *roots(value)}
        case ["annassign", _, target, _, value] | ["augassign", _, _, target, value] | ["walrus", _, target, value]:
            if value is not None:
                yield set(roots(target)), {*roots(target), *roots(value)}
        case ["for", _, target, iterable, *_]:
            yield set(roots(target)), set(roots(iterable))
        case ["expr", _, value]:
            names = set(roots(value))
            yield names, names
        case ["if" | "while", _, test, body, otherwise]:
            names = {name for item in walk([body, otherwise]) if item[0] in ("assign", "expr") for name in roots(item)}
            yield names, set(roots(test))
