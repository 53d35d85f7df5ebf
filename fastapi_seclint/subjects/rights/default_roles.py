"""The role that every new account has, whatever it is called: who asks for that asks for nothing but an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Const, Instance, Value, options
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.accounts import classes_of_people
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.made_with import asked_for, asks_for_roles
from fastapi_seclint.subjects.rights.withholding import default_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ROLE = re.compile(r"^(user_|account_)?(role|type|kind)$")


def asks_what_new_accounts_have(program: Program, node: Node) -> bool:
    """Whether a guard was made to ask for one of some roles, and one of them is that of every new account.

    What asks for a permission may name what that is about, `Permission("user", "delete")`.
    """
    if not asks_for_roles(node.call):
        return False
    return any(name.lower() in _default_roles(program) for names in asked_for(node.call) for name in names)


@lru_cache(maxsize=1)
def _default_roles(program: Program) -> frozenset[str]:
    """What the column of a role holds in rows that were not given one, administrators left out."""
    found = {
        said.lower()
        for cls in classes_of_people(program)
        for name, _, default in fields(cls)
        if _ROLE.match(snake(name))
        for said in _written(default)
    }
    return frozenset(said for said in found if not access.is_admin_name(snake(said)))


def _written(default: Value | None) -> Iterator[str]:
    """The text that a field or column begins with: `"author"`, `Column(String, default="author")`, `Role.AUTHOR`."""
    for option in options(default):
        for given in options(default_of(option)):
            yield from _text(given)


def _text(value: Value) -> Iterator[str]:
    held = value.attributes.get("value") if isinstance(value, Instance) else value
    if isinstance(held, Const) and isinstance(held.value, str):
        yield held.value
