"""Accounts of people in a database that is gone when the program ends: an example's, nobody's whose password counts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import string
from fastapi_seclint.subjects.code.literals import Literal
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ENGINES = (
    "sqlalchemy.create_engine", "sqlalchemy.engine.create_engine", "sqlalchemy.ext.asyncio.create_async_engine",
    "sqlmodel.create_engine", "sqlite3.connect", "aiosqlite.connect",
)  # fmt: skip
_IN_MEMORY = re.compile(r"^(sqlite(\+\w+)?:/{2,3}$|.*:memory:|.*mode=memory)")
"""https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#uri-connections, https://www.sqlite.org/inmemorydb.html"""
_DATABASES = word_set(
    "sqlalchemy sqlmodel sqlite3 aiosqlite databases ormar tortoise peewee piccolo pony gino edgedb django psycopg"
    " psycopg2 asyncpg pymysql mysqldb mysql aiomysql asyncmy pymongo motor beanie odmantic mongoengine umongo redis"
    " aioredis elasticsearch boto3 aioboto3 firebase_admin google supabase neo4j duckdb pymssql pyodbc oracledb"
    " tinydb cassandra shelve dbm json pickle yaml coredis"
)
"""What keeps people longer than the program runs; files, too."""
_POWERFUL = frozenset({"admin", "administrator", "root", "superuser", "super", "owner", "operator", "staff", "chief"})


def is_of_an_example(program: Program, literal: Literal) -> bool:
    """Whether a password is that of one of the people whom a program makes up each time it starts."""
    if not literal.account or is_powerful(literal):
        return False
    return _keeps_in_memory(program) or (literal.hashed and _has_no_database(program))


def is_powerful(literal: Literal) -> bool:
    """Whether a password is given to an account that is named after what it may do: `email="admin@example.com"`."""
    return bool(_POWERFUL & set(words_of(literal.account)))


@lru_cache(maxsize=1)
def _keeps_in_memory(program: Program) -> bool:
    """Whether all databases of a program are in memory."""
    found = [call for call in program.sites.calls(*_ENGINES) if not program.is_test(call.block.module)]
    given = [(call, call.argument("url", 0) or call.argument("database", 0)) for call in found]
    texts = [string(call.value(argument)) if argument is not None else None for call, argument in given]
    return bool(texts) and all(text is not None and _IN_MEMORY.match(text) for text in texts)


@lru_cache(maxsize=1)
def _has_no_database(program: Program) -> bool:
    """Whether nothing in a program keeps what it is given: its people are in dictionaries and lists."""
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        if module.facts.words & {"session", "commit"}:
            return False
        if any(name.partition(".")[0].lower() in _DATABASES for name in module.facts.imports):
            return False
    return True
