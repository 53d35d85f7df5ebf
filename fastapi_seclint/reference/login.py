"""Getting in: registration and login with one answer to everything that is wrong (guide sections 4 and 10).

An unknown user, a wrong password and a closed account get the same text after the same time, and both the address and
the account are limited: an attacker with many addresses still has few tries at one account.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordRequestForm

from .passwords import hash_password, verify_password
from .rate_limits import RateLimit
from .users import Database, NewUser, User, create_user, get_user_by_email

login_by_address = RateLimit(max_requests=10, window_seconds=60)
login_by_account = RateLimit(max_requests=20, window_seconds=3600)
register_by_address = RateLimit(max_requests=5, window_seconds=3600)


def authenticate_user(database: sqlite3.Connection, email: str, password: str) -> User | None:
    """The active user with this address and password, or None; as slow for unknown users as for known ones."""
    user = get_user_by_email(database, email)
    matches = verify_password(password, user.hashed_password if user is not None else None)
    return user if user is not None and matches and user.is_active else None


def login_user(form_data: Annotated[OAuth2PasswordRequestForm, Depends()], database: Database) -> User:
    """The user who logs in with a form; raises 401 with one text, or 429."""
    login_by_account.hit(form_data.username.strip().lower())
    user = authenticate_user(database, form_data.username, form_data.password)
    if user is None:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Incorrect email or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return user


def register_user(new: NewUser, database: Database) -> None:
    """Store a new user, if the address is not taken. The caller answers the same in both cases, and mails the owner."""
    create_user(database, new.email, hash_password(new.password))
