"""Rows that say by a name or address whose they are: `Note.username`, which gets that of the user who makes one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.owners.belongings import kind_of
from fastapi_seclint.subjects.owners.records import field_names, is_table
from fastapi_seclint.subjects.owners.ties import Tie
from fastapi_seclint.subjects.owners.uses import CALLER

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NAMES = ("username", "user_name", "user_email")
_OF_PEOPLE = re.compile(
    r"passw|pwd|(^|_)(first|last|full|sur)_?name|birth|(^|_)(phone|role|roles|verified)(_|$)|^e?mail$"
)
"""What rows have that are people themselves, or their credentials elsewhere."""


def tie_by_name(program: Program, resource: str) -> Tie | None:
    """How such things are tied to the user whose name they hold, or None where nothing shows that they are his."""
    field = _fields(program).get(resource, "")
    return Tie(f".{field}", f".{field}", "", "") if field else None


@lru_cache(maxsize=1)
def _fields(program: Program) -> dict[str, str]:
    """What rows hold a user's name that get it where they are made, by kind: the field that does."""
    found: dict[str, str] = {}
    for module in program.modules.by_file.values():
        if module.facts.words.isdisjoint(_NAMES) or program.is_test(module):
            continue
        for cls in list(module.scope.names.values()):
            if not isinstance(cls, Class) or cls.module is not module or not is_table(cls):
                continue
            names = [snake(name) for name in field_names(cls)]
            field = next((name for name in _NAMES if name in names), "")
            if field and not any(map(_OF_PEOPLE.search, names)) and _is_given(program, cls.name, field):
                found[kind_of(cls.name)] = field
    return found


def _is_given(program: Program, cls: str, field: str) -> bool:
    """Whether a function that makes such rows takes the field from a user: `Note(**data)`, and `user.username`."""
    for block in program.sites.blocks(frozenset({cls})):
        function = block.function
        if function is None or program.is_test(block.module):
            continue
        if any(last_name(form[2]) == cls for form in block.forms.of("call")) and _takes(function, field):
            return True
    return False


def _takes(function: Function, field: str) -> bool:
    return any(form[3] == field and _is_user(form[2]) for form in function.forms.of("attr"))


def _is_user(form: Form) -> bool:
    return form[0] == "name" and CALLER.search(snake(form[2])) is not None
