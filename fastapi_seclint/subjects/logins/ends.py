"""One way in which a function of a login ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.logins.worlds import Truth, World, truth

Kind = Literal["raise", "answer", "falsy", "value"]
Worlds = frozenset[World]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to end: in these worlds, with what is said, at a statement of a block.

    `name` is an exception's class; `unique` says that the database has refused a second row. `of_any` are the worlds
    in which a helper ends so when what it is asked to look up is the account: `get_or_404(User, email=email)`.
    """

    worlds: Worlds
    kind: Kind
    said: object
    block: Block
    form: Form
    name: str = ""
    cls: Class | None = None
    unique: bool = False
    of_any: Worlds | None = None
    written: Location | None = None
    """Where a table or class has the words that are said."""


def told_by_field(end: Outcome, value: Form, known: Callable[[Form], Truth | None]) -> list[Outcome]:
    """An answer that says in a field whether somebody was found, `{"sent": user is not None}`, as one for each word."""
    for _, item in value[2] if value[0] == "dict" else ():
        if item[0] in ("compare", "call", "unary"):
            found = truth(item, known)
            absent = frozenset(world for world in end.worlds if found[world] == frozenset({False}))
            there = frozenset(world for world in end.worlds if found[world] == frozenset({True}))
            if absent and there and absent | there == end.worlds:
                return [
                    replace(end, worlds=absent, said=(end.said, False)),
                    replace(end, worlds=there, said=(end.said, True)),
                ]
    return []
