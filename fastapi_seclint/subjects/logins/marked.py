"""Expressions that hang on how a helper says that it went: `ANSWERS[await start(mail)]`, `outcome.value`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, beginning, walk
from fastapi_seclint.program.substitution import exchanged
from fastapi_seclint.subjects.logins.results import mark

if TYPE_CHECKING:
    from fastapi_seclint.subjects.logins.ends import Outcome, Worlds
    from fastapi_seclint.subjects.logins.walks import Walk


def by_marks(walk_: Walk, form: Form, worlds: Worlds) -> Iterator[tuple[Form, Worlds]]:
    """An expression with what a helper returned in place of its call or name, and the worlds in which it did so.

    In place of a field of what it returned as well: `ANSWERS[result.failure]`.
    """
    for inner in walk(form):
        given = [] if inner is form or awaited(form) is inner else _given(walk_, form, inner)
        if len(given) > 1:
            for value, found in given:
                if left := worlds & found:
                    yield exchanged(form, inner, value), left
            return
    yield form, worlds


def _given(walk_: Walk, form: Form, inner: Form) -> list[tuple[Form, Worlds]]:
    """What a part of an expression is that hangs on a helper, each with its worlds; nothing for other parts."""
    if inner[0] in ("name", "call", "await"):
        ends = ends_of(walk_, inner)
        given = _marks(ends, lambda end: end.form[2])
        return given or (_marks(_refusals(ends), lambda end: end.form[2]) if _is_looked_up(form, inner) else [])
    if inner[0] == "attr" and inner[2][0] in ("name", "call", "await") and _is_looked_up(form, inner):
        return _marks(_refusals(ends_of(walk_, inner[2])), lambda end: _field(end.form[2], inner[3]))
    return []


def _is_looked_up(form: Form, part: Form) -> bool:
    """Whether a part of an expression is the key of a table, or a member whose value is asked for.

    What nothing is said for then has to be something else: a key that is missing is an error.
    """
    for outer in walk(form):
        match outer:
            case ["sub", _, _, key] if key is part:
                return True
            case ["call", _, ["attr", _, _, "get"], [key, *_], _] if key is part:
                return True
            case ["attr", _, owner, "value"] if owner is part:
                return True
    return False


def _refusals(ends: list[Outcome]) -> list[Outcome]:
    """The ways to go back to the caller but for that with the right password."""
    return [end for end in ends if end.worlds != frozenset({"right"})]


def _field(made: Form | None, name: str) -> Form | None:
    """What an object is given for a field, by its name or as the only member or text: `Result.fail(Failure.BAD)`."""
    if made is None or made[0] != "call":
        return None
    named = [value for keyword, value, _ in made[4] if keyword == name]
    said = named or [value for value in made[3] if mark(value)]
    return said[0] if len(said) == 1 else None


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


def _marks(ends: list[Outcome], said_by: Callable[[Outcome], Form | None]) -> list[tuple[Form, Worlds]]:
    """The members or texts that say how it went, where nothing else does, each with its worlds."""
    found: dict[str, tuple[Form, Worlds]] = {}
    for end in ends:
        value = said_by(end) if end.form[0] == "return" else None
        said = mark(value) if value is not None else ""
        if value is None or not said:
            return []
        found[said] = (value, found[said][1] | end.worlds if said in found else end.worlds)
    return list(found.values()) if len({worlds for _, worlds in found.values()}) > 1 else []
