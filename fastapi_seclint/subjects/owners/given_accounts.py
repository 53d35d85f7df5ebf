"""Which guards a guard gets its account from: by a parameter, a call, or an id that it looks the account up by."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import arguments, walk
from fastapi_seclint.program.callables import parameters, running
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Bound, External, Function, Instance, Unknown, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.identity import (
    known_as,
    names_identity,
    names_unseen_guard,
    spelled,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_ANYTHING = frozenset({"found", "row", "record", "result", "one", "who", "me", "current", "principal", "caller"})
USER = re.compile(r"(^|_)(users?|account|member|person|customer|employee)(_|$)")


def guards_below(
    program: Program, function: Function, asked: Container[str] | None = None
) -> Iterator[tuple[str, Function | str]]:
    """The parameters that other guards fill, with the guard; one that is not in sight by its name.

    `asked` are the only names of interest, None for all.
    """
    for parameter in parameters(function):
        if asked is not None and parameter.name not in asked:
            continue
        dependency = program.walker.resolver.dependency_of(parameter)
        for option in options(dependency[1]) if dependency is not None else ():
            name = ""
            made = running(option) if isinstance(option, Function | Instance | Bound) else None
            if made is not None:
                if program.guard_model.authenticates(option) or names_identity(known_as(made)):
                    yield parameter.name, made
            elif isinstance(option, External):
                name = "" if option.called else option.name
            elif isinstance(option, Unknown) and dependency is not None and dependency[0].place is not None:
                name = spelled(dependency[0].place)
            if name and names_unseen_guard(name):
                yield parameter.name, name
    yield from _called(program, function, asked)


def looked_up(program: Program, function: Function, asked: Container[str]) -> Iterator[tuple[str, Function | str]]:
    """The names of accounts that are looked up by what a guard gives, `user = await users.get(user_id)`.

    What the function itself gives is the account, too, where its name says nothing else, `found`, and no id that a
    client sends tells which thing it is.
    """
    given = dict(guards_below(program, function)) if function.parameters else {}
    returned = {form[2][2] for form in function.forms.of("return") if form[2] is not None and form[2][0] == "name"}
    plain = [item for item in function.parameters if item[2] is not None and item[3] is None]
    sent = {item[0] for item in plain if item[2][-1] in ("int", "str", "UUID")} - given.keys()
    for form in function.forms.of("assign", "walrus") if given else ():
        value = form[3][2] if form[3][0] == "await" else form[3]
        targets = form[2] if form[0] == "assign" else [form[2]]
        names = [target[2] for target in targets if target[0] == "name" and target[2] in asked]
        if value[0] != "call" or not names:
            continue
        told = [inner[2] for item in arguments(value) for inner in walk(item) if inner[0] == "name"]
        neutral = returned & _ANYTHING if sent.isdisjoint(told) else set[str]()
        names = [name for name in names if USER.search(snake(name)) or name in neutral]
        yield from ((name, given[key]) for name in names for key in dict.fromkeys(told) if key in given)


def _called(program: Program, function: Function, asked: Container[str] | None) -> Iterator[tuple[str, Function]]:
    """The names that a guard which this one calls itself fills: `user = await get_current_user(token)`."""
    block = body_of(program, function)
    for form in block.forms.of("assign", "walrus") if block is not None and function.parameters else ():
        value = form[3][2] if form[3][0] == "await" else form[3]
        if value[0] != "call" or value[2][0] not in ("name", "attr") or block is None:
            continue
        targets = form[2] if form[0] == "assign" else [form[2]]
        names = [target[2] for target in targets if target[0] == "name" and (asked is None or target[2] in asked)]
        for option in options(ask(program, block, value[2])) if names else ():
            made = option.function if isinstance(option, Bound) else option
            if not isinstance(made, Function):
                continue
            if program.guard_model.authenticates(option) or id(made) in _workers(program):
                yield from ((name, made) for name in names)


@lru_cache(maxsize=1)
def _workers(program: Program) -> set[int]:
    """The identities of the functions that guards of the project leave all their work to."""
    behind = {id(node.behind): node for route in program.routes for node in route.nodes() if node.behind is not None}
    return {
        key
        for key, node in behind.items()
        if node.behind is not node.runs and program.guard_model.authenticates(node.call)
    }
