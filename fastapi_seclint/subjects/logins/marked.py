"""Expressions that hang on how a helper says that it went: `ANSWERS[await start(mail)]`, `outcome.value`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, beginning, walk
from fastapi_seclint.program.substitution import exchanged
from fastapi_seclint.subjects.logins.results import mark

if TYPE_CHECKING:
    from fastapi_seclint.subjects.logins.ends import Outcome, Worlds
    from fastapi_seclint.subjects.logins.walks import Walk


def by_marks(walk_: Walk, form: Form, worlds: Worlds) -> Iterator[tuple[Form, Worlds]]:
    """An expression with what a helper returned in place of its call or name, and the worlds in which it did so."""
    for inner in walk(form):
        if inner is form or awaited(form) is inner or inner[0] not in ("name", "call", "await"):
            continue
        given = _marks(ends_of(walk_, inner))
        if len(given) > 1:
            for value, found in given:
                if left := worlds & found:
                    yield exchanged(form, inner, value), left
            return
    yield form, worlds


def ends_of(walk_: Walk, form: Form) -> list[Outcome]:
    """The ways in which what is called, or what gave a name, goes back to its caller."""
    if form[0] == "name":
        return walk_.results.get(form[2], [])
    call = awaited(form)
    functions = walk_.functions(call) if call[0] == "call" else []
    ends = [end for one in functions[:1] for end in walk_.follower.outcomes(one, walk_.depth - 1)]
    return [end for end in ends if end.kind != "raise"]


def compared(walk_: Walk, form: Form) -> dict[str, list[Outcome]]:
    """What is known of the calls that a comparison has for its sides, `await start(m) == "no"`, and of all names."""
    found = dict(walk_.results)
    for side in (form[2], *form[4]):
        call = awaited(side)
        if call[0] == "call" and (name := beginning(call, ("attr", "sub", "call", "await"))) and name not in found:
            found[name] = ends_of(walk_, call)
    return found


def _marks(ends: list[Outcome]) -> list[tuple[Form, Worlds]]:
    """The members or texts that are returned, where nothing else is, each with its worlds."""
    found: dict[str, tuple[Form, Worlds]] = {}
    for end in ends:
        value = end.form[2] if end.form[0] == "return" else None
        said = mark(value) if value is not None else ""
        if value is None or not said:
            return []
        found[said] = (value, found[said][1] | end.worlds if said in found else end.worlds)
    return list(found.values()) if len({worlds for _, worlds in found.values()}) > 1 else []
