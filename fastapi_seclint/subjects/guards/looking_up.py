"""Handlers and services that ask themselves whether somebody is logged in, by what a dependency has told them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.guards.bearer_schemes import Scheme

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FOUND = frozenset({"status", "ok", "success", "succeeded", "valid", "is_valid", "authenticated", "is_authenticated"})
_CALLER = re.compile(r"(^|_)(users?|accounts?|members?|customers?|caller|me)(_|$)", re.I)


def looked_at(function: Function, below: dict[str, Scheme]) -> Iterator[Scheme]:
    """The schemes below the names of which a function asks itself whether anybody is logged in.

    `if user is None: raise ...`, `if not user.ok: raise ...`, and the same of the user that it looks up by such a name;
    a role that it asks for is not that.
    """
    for form in function.forms.of("if"):
        match form[2]:
            case ["unary", _, "not", ["name", _, name]]:
                found = _scheme(function, name, below)
            case ["unary", _, "not", ["attr", _, ["name", _, name], asked]] if asked in _FOUND:
                found = below.get(name)
            case ["compare", _, ["name", _, name], ["is" | "=="], [["const", _, None]]]:
                found = _scheme(function, name, below)
            case _:
                continue
        if found is not None and any(inner[0] == "raise" for inner in walk(form[3])):
            yield found


def looking_up(program: Program, handler: Function, below: dict[str, Scheme]) -> Iterator[tuple[Function, Scheme]]:
    """The functions that a handler tells who is calling and that refuse when they find no such user."""
    block = body_of(program, handler)
    for call in block.forms.of("call") if block is not None else ():
        given: list[tuple[int | str, Form]] = [*enumerate(call[3])]
        given += [(name, item) for name, item, _ in call[4] if name is not None]
        told = {where: kind for where, item in given if (kind := _mentioned(item, below)) is not None}
        for function, bound in called(program, block, call) if block is not None and told else ():
            names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
            inside = {name: kind for number, name in enumerate(names) if (kind := told.get(number) or told.get(name))}
            if (found := next(looked_at(function, inside), None)) is not None:
                yield function, found


def _scheme(function: Function, name: str, below: dict[str, Scheme]) -> Scheme | None:
    """The scheme below a name, or below what the user of this name is looked up by: `user = find(db, user_id)`."""
    if name in below or not _CALLER.search(name):
        return below.get(name)
    made = [form[3] for form in function.forms.of("assign") if any(target[2:] == [name] for target in form[2])]
    asked = (_mentioned(form, below) for value in made for form in walk(value) if form[0] == "call")
    return next((kind for kind in asked if kind is not None), None)


def _mentioned(form: Form, below: dict[str, Scheme]) -> Scheme | None:
    return next((below[item[2]] for item in walk(form) if item[0] == "name" and item[2] in below), None)
