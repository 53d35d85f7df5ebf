"""Expressions that say one thing or another: `"no such user" if user is None else "wrong password"`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.substitution import exchanged
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.logins.worlds import Truth, World, truth

Worlds = frozenset[World]


def by_worlds(form: Form, worlds: Worlds, known: Callable[[Form], Truth | None]) -> Iterator[tuple[Form, Worlds]]:
    """An expression with what its conditions choose in their place, and the worlds in which they choose so."""
    for inner in walk(form):
        if inner[0] != "ifexp":
            continue
        found = truth(inner[2], known)
        yes = frozenset(world for world in worlds if True in found[world])
        no = frozenset(world for world in worlds if False in found[world])
        if yes != no:
            for chosen, left in ((inner[3], yes), (inner[4], no)):
                if left:
                    yield from by_worlds(exchanged(form, inner, chosen), left, known)
            return
    yield form, worlds


def conditions(written: Form, chosen: Form) -> Iterator[tuple[Span, Form]]:
    """The conditional expressions of an expression as it is written, each with what another makes of it."""
    places = {inner[1] for inner in walk(chosen) if inner[0] == "const"}
    for inner in walk(written):
        if inner[0] == "ifexp":
            for branch in (inner[3], inner[4]):
                if any(part[1] in places for part in walk(branch)):
                    yield span_of(inner[1]), branch
