"""Customers, clients and authors in the files of a company: rows called after people whom no caller is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Const, External, Value, options
from fastapi_seclint.subjects.owners.accounts import (
    tables,
    tables_of_accounts,
    tables_of_callers,
    tables_of_people,
    written,
)
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.passwords.tables import TABLES
from fastapi_seclint.subjects.payloads.models import fields

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LOGS_IN = re.compile(r"(^|_)(users?|accounts?|members?|auth|login|owners?|sub|subject|identity|firebase|oidc)(_|$)")
"""What rows have that stand for an account of somebody: `user_id`, `auth_uid`."""
_CALLED = re.compile(
    r"^(author|customer|client|creator|buyer|patient|guest|writer|owner|member|person|people|contact|employee|kunde|cliente)"
    r"s?$"
)
_LINK = 4
"""So many columns has a table at most that only says which account has to do with which row, and since when."""
_WHEN = re.compile(r"(^|_)(at|on|date|time|timestamp|since|until|created|updated|modified)$")


def foreign_keys(column: Value | None) -> Iterator[str]:
    """The keys that a column refers to, `users.id`: of `ForeignKey("users.id")`, `Field(foreign_key="users.id")`."""
    for option in options(column):
        if isinstance(option, External) and option.arguments is not None:
            given = option.arguments.positional
            named = options(option.arguments.keywords.get("foreign_key"))
            for item in [*(given if option.name.endswith("ForeignKey()") else ()), *named]:
                yield from [str(item.value)] if isinstance(item, Const) else []
            for item in given:
                yield from foreign_keys(item)


def referred(column: Value | None) -> set[str]:
    """The tables that a column refers to, in lower case: by a foreign key, or by the class or its name.

    `ForeignKeyField("models.Writer")` of Tortoise (tortoise/fields/relational.py), `ForeignKeyField(Writer)` of peewee.
    """
    found = {table_of_key(key) for key in foreign_keys(column)}
    for option in options(column):
        if isinstance(option, External) and option.arguments is not None and option.name.endswith("ForeignKeyField()"):
            given = option.arguments
            for item in options(given.positional[0] if given.positional else given.keywords.get("model_name")):
                if isinstance(item, Const) and isinstance(item.value, str):
                    name = item.value.rpartition(".")[2]
                    found |= {name.lower(), snake(name)}
                elif isinstance(item, Class):
                    found |= written(item)
    return found


def table_of_key(key: str) -> str:
    """The table of what a foreign key names, in lower case: `public.users.id` is of `users`."""
    return key.rpartition(".")[0].rpartition(".")[2].lower()


@answered_once
def tables_of_contacts(program: Program) -> frozenset[str]:
    """The names of the tables of people whom no caller is, in lower case, as foreign keys write them.

    It is seen whose rows callers are, or in which ones people log in, and neither does such a table tell the account of
    anybody, nor does an account tell its row in it.
    """
    accounts = tables_of_callers(program) | tables_of_accounts(program) | tables_of_people(program)
    if not accounts:
        return frozenset()
    found, tied = set[str](), set[str]()
    for cls in tables(program):
        called, columns = written(cls), fields(cls)
        refers = {table for _, _, default in columns for table in referred(default)}
        links = sum(_WHEN.search(snake(name)) is None for name, _, _ in columns) <= _LINK
        if accounts & called or (accounts & refers and links):
            tied |= refers
        if accounts & refers or any(_LOGS_IN.search(snake(name)) for name, _, _ in columns):
            tied |= called
        found |= {name for name in called if _CALLED.match(name)}
    for refers in _without_class(program):
        tied |= refers if accounts & refers else set()
    return frozenset(found - tied - accounts)


def _without_class(program: Program) -> Iterator[set[str]]:
    """The tables that each table refers to which no class has, as those between two kinds of rows are written."""
    for module in program.modules.by_file.values():
        named = "Table" in module.facts.words and not program.is_test(module)
        for value in list(module.scope.names.values()) if named else ():
            for option in options(value):
                if isinstance(option, External) and option.name in TABLES and option.arguments is not None:
                    given = option.arguments.positional
                    yield {table_of_key(key) for column in given for key in foreign_keys(column)}


def is_of_contacts(program: Program, field: str) -> bool:
    """Whether wherever rows have a column of this name it holds the key of such people."""
    keys = tables_named_by(program, field)
    return bool(keys) and keys <= tables_of_contacts(program)


def is_of_another(program: Program, field: str, account: Class) -> bool:
    """Whether wherever rows have a column of this name it holds the key of other rows than those of an account."""
    keys = tables_named_by(program, field)
    return bool(keys) and is_table(account) and not keys & written(account)


def tables_named_by(program: Program, field: str) -> frozenset[str]:
    """The tables whose keys are held wherever rows have a column of this name, as far as the columns say it."""
    return _keys_by_column(program).get(field, frozenset())


@answered_once
def _keys_by_column(program: Program) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for cls in tables(program):
        for name, _, default in fields(cls):
            if keys := referred(default):
                found.setdefault(name, set()).update(keys)
    return {name: frozenset(keys) for name, keys in found.items()}
