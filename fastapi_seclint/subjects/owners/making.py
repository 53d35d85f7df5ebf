"""For whom things are made: the field that gets the caller where a handler makes one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.belonging_words import PEOPLE, PERSONAL
from fastapi_seclint.subjects.owners.belongings import is_staff, kind_of, names_owner, singular
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.left_callers import left_callers
from fastapi_seclint.subjects.owners.notes import is_attribution
from fastapi_seclint.subjects.owners.stores import put_down
from fastapi_seclint.subjects.owners.ties import Tie, is_caller, tie_by

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def tie_to_maker(program: Program, resource: str) -> Tie | None:
    """How such things are tied to their maker, whatever the field is called: `Message(sender=me.id)`."""
    return _ties(program).get(resource)


@lru_cache(maxsize=1)
def _ties(program: Program) -> dict[str, Tie]:
    found: dict[str, Tie] = {}
    for route in program.routes:
        handler = route.function
        makes = handler is not None and "POST" in route.methods
        callers = caller_names(program, route) or left_callers(program, route) if makes else set[str]()
        for form in handler.forms.of("call") if handler is not None and callers else ():
            for where, tie in put_down(form, callers):
                found.setdefault(singular(where), tie)
            for where, tie in _made_by_others(handler, form, callers) if handler is not None else ():
                found.setdefault(where, tie)
            kind = kind_of(_made(form[2]))
            for name, value, _ in form[4] if kind else ():
                if name is not None and is_caller(value, callers) and not (is_staff(name) or is_attribution(name)):
                    found.setdefault(kind, tie_by(name, value, kind))
    return found


def _made(called: Form) -> str:
    """The class whose object a call makes: `Message(...)`, `models.Message(...)`, `Message.create(...)`."""
    names = []
    while called[0] == "attr":
        names.append(str(called[3]))
        called = called[2]
    names += [str(called[2])] if called[0] == "name" else []
    if not names[:1] or not (names[0][:1].isupper() or names[0] in ("create", "objects", "acreate", "insert")):
        return ""
    return next((name for name in names if name[:1].isupper()), "")


_MAKES = re.compile(r"^(add|create|make|insert|save|store)_(?:(?:a|new|user|my)_)?(\w+)$")


def _made_by_others(handler: Function, call: Form, callers: set[str]) -> Iterator[tuple[str, Tie]]:
    """What a service makes for the caller, as its name says: `projects.create_project(name, owner_id=me.id)`."""
    verb = _MAKES.match(snake(last_name(call[2]))) if call[2][0] in ("attr", "name") else None
    kind = singular(verb[2]) if verb is not None else ""
    if not kind or PEOPLE.match(kind):
        return
    for name, value, _ in call[4]:
        if name is None or is_staff(name) or is_attribution(name):
            continue
        if not (names_owner(name) or (name.endswith("_id") and PERSONAL.match(kind))):
            continue
        said = _told(handler, callers).get(str(value[2]), value) if value[0] == "name" else value
        if is_caller(said, callers):
            yield kind, tie_by(name, said, kind)


def _told(function: Function, callers: set[str]) -> dict[str, Form]:
    """What the names of a function hold that get the caller's identity: `user_id = me.id or me.name`."""
    found: dict[str, Form] = {}
    for form in function.forms.of("assign"):
        first = form[3][3][0] if form[3][0] == "bool" and form[3][2] == "or" else form[3]
        if first[0] in ("attr", "sub") and is_caller(first, callers):
            found.update({target[2]: first for target in form[2] if target[0] == "name"})
    return found
