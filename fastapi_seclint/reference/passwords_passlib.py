"""Password hashing for projects that use passlib, in the guide's shape (section 2). Needs `bcrypt<5`.

passlib 1.7.4 fails on every hash with bcrypt 5, and bcrypt reads no more than 72 bytes: longer passwords are refused
instead of being cut in silence.
"""

from __future__ import annotations

from passlib.context import CryptContext

pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")

MOST_BYTES = 72


def hash_password(plain_password: str) -> str:
    """Hash a password for storage; ValueError when it is longer than bcrypt reads."""
    if len(plain_password.encode()) > MOST_BYTES:
        raise ValueError(f"a password has at most {MOST_BYTES} bytes")
    return str(pwd_context.hash(plain_password))


def verify_password(plain_password: str, hashed_password: str | None) -> bool:
    """Whether a password belongs to a stored hash; without a hash False, in the same time."""
    if hashed_password is None or len(plain_password.encode()) > MOST_BYTES:
        pwd_context.dummy_verify()
        return False
    return bool(pwd_context.verify(plain_password, hashed_password))
