"""Passwords are stored as slow, salted hashes only (guide section 2; OWASP Password Storage Cheat Sheet).

pwdlib with Argon2id takes the place of passlib, which cannot hash with bcrypt 5 any more; hashes that passlib made with
bcrypt are still read, and `needs_rehash` tells when one should be renewed at the next login.
"""

from __future__ import annotations

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

password_hash = PasswordHash((Argon2Hasher(), BcryptHasher()))

# What an unknown user's password is checked against, so that the answer takes as long as for a known one.
DUMMY_HASH = password_hash.hash("no password is ever equal to this one")


def hash_password(plain_password: str) -> str:
    """Hash a password for storage."""
    return password_hash.hash(plain_password)


def verify_password(plain_password: str, hashed_password: str | None) -> bool:
    """Whether a password belongs to a stored hash; without a hash False, in the same time."""
    try:
        matches = password_hash.verify(plain_password, hashed_password or DUMMY_HASH)
    except (PwdlibError, ValueError):  # an unknown hash, or more bytes than bcrypt takes
        return False
    return matches and hashed_password is not None


def needs_rehash(plain_password: str, hashed_password: str) -> str | None:
    """A new hash of a password that was just verified, where the stored one is weaker than today's; else None."""
    return password_hash.verify_and_update(plain_password, hashed_password)[1]
