"""The tables whose rows log in: those that keep the hash of a password."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, string
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.payloads.models import fields

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@lru_cache(maxsize=1)
def tables_of_accounts(program: Program) -> frozenset[str]:
    """The names of the tables of accounts, in lower case, as foreign keys write them."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        for value in () if program.is_test(module) else list(module.scope.names.values()):
            if isinstance(value, Class) and value.module is module and is_table(value) and _keeps_password(value):
                written = string(value.namespace.get("__tablename__"))
                found |= {written.lower()} if written else {value.name.lower(), snake(value.name)}
    return frozenset(found)


def _keeps_password(cls: Class) -> bool:
    return any(naming(name) == "kept" for name, _, _ in fields(cls))
