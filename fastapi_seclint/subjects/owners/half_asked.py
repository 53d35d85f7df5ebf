"""Owners that only those are held against who have logged in: `if me and note.owner_id != me.id: raise ...`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_none, mentions, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.owners.ties import is_tie

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asked_if_known(program: Program, route: Route) -> Node | None:
    """The optional user of a route that keeps from him what is another's, and gives it to whoever is nobody."""
    for node in route.dependencies:
        if not node.parameter or not asks_known_only(program, route, node.parameter):
            continue
        missing = program.guard_model.dependencies.encounter(node.call, Stranger(False))
        if missing.opaque or verdict(missing) != "passes" or not missing.returned & {"absent", "bad", "nothing"}:
            continue
        configured = program.guard_model.dependencies.encounter(node.call, Stranger(junk=False, configured=True))
        if not missing.switched or verdict(configured) != "denies":
            return node
    return None


def asks_known_only(program: Program, route: Route, name: str) -> bool:
    """Whether a handler refuses a user who is not the owner, and does nothing else where `name` holds no user.

    A function that it hands the user to is a part of it.
    """
    handler = route.function
    if handler is None:
        return False
    asked = [test for function, names in _with(program, handler, name) for test in _tests(function, names)]
    return all(known for known, _ in asked) and any(refuses for _, refuses in asked)


def _with(program: Program, handler: Function, name: str) -> Iterator[tuple[Function, set[str]]]:
    """The handler, and the functions that it hands the user to, each with what he is called there."""
    yield handler, _called(handler, {name})
    block = body_of(program, handler)
    for call in block.forms.of("call") if block is not None else ():
        if block is not None and mentions([call[3], [value for _, value, _ in call[4]]], {name}):
            yield from ((one, _called(one, given)) for one, given in handed_to(program, block, call, {name}))


def _called(function: Function, names: set[str]) -> set[str]:
    """The names of the user, and those that get his key where he is there: `mine = me.id if me else None`."""
    found = set(names)
    for form in function.forms.of("assign"):
        match form[3]:
            case ["ifexp", _, test, _, otherwise] if is_none(otherwise) and needs(test, names):
                found.update(target[2] for target in form[2] if target[0] == "name")
    return found


def _tests(function: Function, names: set[str]) -> Iterator[tuple[bool, bool]]:
    """For each condition that names the user: whether it holds for nobody without one, and refuses by an owner then."""
    inside: set[int] = set()
    for form in function.forms.of("if"):
        if form[1] not in inside and mentions(form[2], names):
            known = needs(form[2], names) and not form[4]
            if known:
                inside.update(inner[1] for inner in walk(form[3]) if inner[0] == "if")
            owned = any(is_tie(inner, names) for inner in walk([form[2]]))
            below = (inner for inner in walk(form[3]) if inner[0] == "if" and inner[3][-1][0] == "raise")
            refuses = form[3][-1][0] == "raise" and owned
            refuses = refuses or any(is_tie(item, names) for inner in below for item in walk([inner[2]]))
            yield known, refuses
    for form in function.forms.of("ifexp", "while", "assert"):
        if mentions(form[2], names):
            yield needs(form[2], names), False


def needs(test: Form, names: set[str]) -> bool:
    """Whether a condition holds for nobody but a user who is there: `me and ...`, `me is not None and ...`, `me`."""
    match test:
        case ["bool", _, "and", items]:
            return any(needs(item, names) for item in items)
        case ["compare", _, ["name", _, name], ["is not" | "!="], [["const", _, None]]] | ["name", _, name]:
            return name in names
    return False
