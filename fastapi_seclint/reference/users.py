"""The users of the reference application, in SQLite: what is stored, and what a response may show of it.

`UserOut` has no password, so that a route with `response_model=UserOut` cannot give one away (guide sections 2 and 5).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from .settings import get_settings

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    email TEXT PRIMARY KEY, hashed_password TEXT NOT NULL, role TEXT NOT NULL DEFAULT 'user',
    is_active INTEGER NOT NULL DEFAULT 1, token_version INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY, owner_email TEXT NOT NULL REFERENCES users(email), text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS used_tokens (jti TEXT PRIMARY KEY, expires REAL NOT NULL);
"""


class UserOut(BaseModel):
    """What others may see of a user."""

    email: str
    is_active: bool = True
    role: str = "user"


class User(UserOut):
    """A user as stored. `token_version` goes up when all of the user's tokens are revoked."""

    hashed_password: str
    token_version: int = 0


class NewUser(BaseModel):
    """What somebody who registers may choose: no role, no flags."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)
    password: str = Field(min_length=12, max_length=128)


def get_database() -> Iterator[sqlite3.Connection]:
    """A connection to the database for one request.

    Every statement is committed as it runs. What comes after `yield` runs when the client has its answer already
    (FastAPI: Dependencies with yield), and a token must be worthless by then.
    """
    path = get_settings().database_path
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


Database = Annotated[sqlite3.Connection, Depends(get_database)]


def create_tables() -> None:
    """Make the tables where they are missing."""
    with closing(sqlite3.connect(get_settings().database_path)) as connection:
        connection.executescript(_SCHEMA)


def get_user_by_email(database: sqlite3.Connection, email: str) -> User | None:
    """The user with this address, or None."""
    row = database.execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()
    return User(**dict(row)) if row is not None else None


def create_user(database: sqlite3.Connection, email: str, hashed_password: str) -> bool:
    """Store a new user; False when the address is taken."""
    added = database.execute(
        "INSERT OR IGNORE INTO users (email, hashed_password) VALUES (?, ?)", (email, hashed_password)
    )
    return added.rowcount == 1


def revoke_tokens(database: sqlite3.Connection, email: str) -> None:
    """Make every token that the user holds worthless."""
    database.execute("UPDATE users SET token_version = token_version + 1 WHERE email = ?", (email,))


def use_once(database: sqlite3.Connection, jti: str, expires: float) -> bool:
    """Note that a token was used; False when it was used before. Entries of expired tokens are dropped."""
    database.execute("DELETE FROM used_tokens WHERE expires < unixepoch()")
    return database.execute("INSERT OR IGNORE INTO used_tokens VALUES (?, ?)", (jti, expires)).rowcount == 1
