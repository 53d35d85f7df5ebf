"""What a function makes of how its helper went, by value: `result.ok`, `isinstance(result, Err)`, `TEXTS[outcome]`.

Each way in which the helper goes back to its caller gives a value of its own; the caller's expression is evaluated with
that value in place of the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, bounds, names_in
from fastapi_seclint.program import values
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import NONE, Const, Instance, Value, iterate, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.said import said
from fastapi_seclint.subjects.logins.worlds import ALL, EITHER, Truth, World

if TYPE_CHECKING:
    from fastapi_seclint.subjects.logins.walks import Walk


def truth_by_value(walk_: Walk, form: Form) -> Truth | None:
    """In which worlds a test of what a helper gave back holds, where its values tell; None where they do not."""
    name = _result_in(walk_, form)
    if name is None or _asks_only_for_none(form):
        return None
    answers = [(end, values.truth(ask(walk_.follower.program, block, form))) for end, block in _worlds(walk_, name)]
    if all(answer is None for _, answer in answers):
        return None
    found: dict[World, frozenset[bool]] = {}
    for world in ALL:
        told = [EITHER if answer is None else frozenset({answer}) for end, answer in answers if world in end.worlds]
        found[world] = frozenset().union(*told) or EITHER
    return found if len(set(found.values())) > 1 else None


def _asks_only_for_none(test: Form) -> bool:
    """Whether a test is whether a name holds anything, which the ways to go back say by themselves."""
    match test:
        case ["compare", _, ["name", *_], _, [["const", _, None | False]]]:
            return True
    return False


def told_by_value(walk_: Walk, expression: Form, here: Form) -> list[Outcome]:
    """The ways in which a helper goes back, each with what an expression made of its result says then.

    It is said `here` where a table or a class has the words. Nothing where the parts that are made of the result are no
    constants.
    """
    name = _result_in(walk_, expression)
    parts = list(_chains(expression, name)) if name is not None else []
    if name is None or not parts or any(part[0] == "name" for part in parts):
        return []
    program, found = walk_.follower.program, []
    for end, block in _worlds(walk_, name):
        known = [ask(program, block, part) for part in parts]
        if all(map(_is_constant, known)):
            text, _, _ = said(program, block, expression)
            if all(_stands_in(value, end) for value in known):
                found.append(replace(end, said=text))
            else:
                written = next((place.location for value in known if (place := getattr(value, "place", None))), None)
                found.append(replace(end, said=text, block=walk_.block, form=here, written=written))
        elif not all(map(values.is_none, known)) and end.worlds != frozenset({"right"}):
            return []
    return found


def _stands_in(value: Value, end: Outcome) -> bool:
    """Whether what is said is written where a helper goes back to its caller, and not in a table or a class."""
    place = getattr(value, "place", None)
    first, last = bounds(end.form[1])
    return place is not None and place.module is end.block.module and first <= bounds(place.at)[0] < last


def _is_constant(value: Value) -> bool:
    """Whether a value is a text or number, or a member of an enumeration; None says nothing."""
    found = list(options(value))
    member = found[0].attributes.get("value") if len(found) == 1 and isinstance(found[0], Instance) else None
    return len(found) == 1 and any(isinstance(one, Const) and one.value is not None for one in (found[0], member))


def _result_in(walk_: Walk, form: Form) -> str | None:
    """The one name in an expression that holds what a helper gave back; no name alone is asked for its fields."""
    names = [name for name in names_in(form) if walk_.results.get(name)]
    return names[0] if len(names) == 1 and form[0] != "name" else None


def _chains(form: Form, name: str) -> Iterator[Form]:
    """The largest parts of an expression that are read of a name alone: `result.reason`, `TEXTS[result.reason]`."""
    if (form[0] in ("attr", "sub", "name") and name in names_in(form)) or (
        form[0] == "call" and form[2][0] == "attr" and name in names_in(form[2])
    ):
        yield form
    else:
        for item in form[2:]:
            yield from _inner(item, name)


def _inner(item: object, name: str) -> Iterator[Form]:
    if isinstance(item, list):
        if len(item) > 1 and isinstance(item[0], str) and isinstance(item[1], int):
            yield from _chains(item, name)
        else:
            for part in item:
                yield from _inner(part, name)


def _worlds(walk_: Walk, name: str) -> Iterator[tuple[Outcome, Block]]:
    """The ways in which a helper goes back, each with the block of its caller as it is then."""
    here, program = walk_.block, walk_.follower.program
    if here.function is None or not isinstance(here.scope, FunctionScope):
        return
    for end in walk_.results[name]:
        value = _given(program_value(walk_, end), walk_.members.get(name))
        scope = FunctionScope(program.interpreter, here.function, here.scope.receiver, {name: value})
        yield end, replace(here, scope=scope)


def program_value(walk_: Walk, end: Outcome) -> Value:
    """What a helper gives back where it ends so."""
    given = end.form[2] if end.form[0] == "return" else None
    return ask(walk_.follower.program, end.block, given) if given is not None else NONE


def _given(value: Value, number: int | None) -> Value:
    """A member of the tuple that a helper gives back, or all of it."""
    items = iterate(value) if number is not None else None
    return items[number] if items is not None and number is not None and number < len(items) else value
