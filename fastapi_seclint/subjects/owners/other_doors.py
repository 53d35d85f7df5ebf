"""Guards of one project that find the same accounts by different credentials, and of which one never looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import awaited, beginning, last_name, mentions, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.subjects.owners.activity import asks_for_activity
from fastapi_seclint.subjects.owners.finding_users import LOOKS_UP
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.owners.states import computed_states, speaks_of_state
from fastapi_seclint.subjects.passwords.names import is_of_people
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def other_doors(program: Program) -> Iterator[tuple[Route, Function, Function]]:
    """The guards that let closed accounts in, each with a route, and with a guard that refuses them.

    Both find the account themselves, by a token and by a key say, and give the same kind of it.
    """
    doors: dict[int, tuple[Route, Function]] = {}
    for route in program.routes:
        if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
            continue
        for node in (guard.node for guard in guards(program, route)):
            function = node.function if node is not None else None
            if node is not None and function is not None and function.number >= 0 and _is_lowest(program, node):
                doors.setdefault(id(function), (route, function))
    refusing = [function for _, function in doors.values() if _refuses(program, function)]
    for route, function in doors.values() if refusing else ():
        if not any(asks_for_activity(program, inner) for inner in reached(program, function, 2)):
            kinds = _kinds(program, function)
            same = next((one for one in refusing if kinds & _kinds(program, one)), None)
            if same is not None and _gives_account(function):
                yield route, function, same


def _is_lowest(program: Program, node: Node) -> bool:
    """Whether a guard has its account from no other guard."""
    return not any(program.guard_model.authenticates(child.call) for child in node.children)


def _refuses(program: Program, function: Function) -> bool:
    """Whether a function raises on a condition about the state of what it looked up."""
    states = computed_states(program)
    found = _looked_up(function)
    tests = [form for form in function.forms.of("if") if any(item[0] == "raise" for item in walk(form[3]))]
    return any(speaks_of_state(form[2], states) and mentions(form[2], found) for form in tests)


def _looked_up(function: Function) -> set[str]:
    """The names that a function gives to what it looks up."""
    return {
        target[2]
        for form in function.forms.of("assign", "walrus")
        if form[3] is not None
        and awaited(form[3])[0] == "call"
        and LOOKS_UP.search(str(last_name(awaited(form[3])[2])))
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] == "name"
    }


def _gives_account(function: Function) -> bool:
    """Whether a function gives what it looked up, or a part of it: `return row.partner`."""
    found = _looked_up(function)
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    return any(form[0] in ("name", "attr", "sub") and beginning(form) in found for form in given)


def _kinds(program: Program, function: Function) -> frozenset[str]:
    """What a guard says that it gives, and the collections of people that it or its helpers look into."""
    names = [item[2] for item in walk([function.returns]) if item[0] == "name"] if function.returns else []
    said = {name for name in names if name[:1].isupper() and not _is_of_library(function, name)}
    named = {
        form[2][2][-1]
        for inner in reached(program, function, 1)
        for form in inner.forms.of("call")
        if form[2][0] == "attr" and form[2][2][0] in ("name", "attr")
    }
    return frozenset(said) | frozenset(name for name in named if isinstance(name, str) and is_of_people(name))


def _is_of_library(function: Function, name: str) -> bool:
    """Whether a name says nothing of an account, `Dict[str, Any]`: a library's, and no class of rows out of sight."""
    found = options(function.module.scope.names.get(name))
    return any(isinstance(one, External) and one.name.startswith(_GENERAL) for one in found)


_GENERAL = ("typing.", "typing_extensions.", "collections.", "builtins.", "fastapi.", "starlette.", "sqlalchemy.")
