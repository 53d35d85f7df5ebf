"""In which worlds of a login an `except` is entered, by the names of what it catches."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.subjects.logins.ends import Worlds
from fastapi_seclint.subjects.logins.provider_codes import left_out
from fastapi_seclint.subjects.logins.worlds import mentions_password, only_refuses

_NOT_FOUND = re.compile(r"DoesNotExist|NoResultFound|Not_?Found|KeyError|NoSuch|UnknownUser|StopIteration", re.I)
_MISMATCH = re.compile(
    r"Mismatch|VerificationError|VerifyError|WrongPassword|InvalidPassword|BadPassword|IncorrectPassword", re.I
)
_DUPLICATE = re.compile(
    r"IntegrityError|Unique\w*Violation|UniqueViolation|DuplicateKey|Duplicate\w*Error|AlreadyExist", re.I
)


def tells_of_nothing(name: str) -> bool:
    """Whether an exception of this name says that what was looked up is not there."""
    return _NOT_FOUND.search(name) is not None


def tells_of_second(names: list[str]) -> bool:
    """Whether one of these exceptions says that the database refused a second row, and none that there is nothing."""
    other = any(tells_of_nothing(name) or _MISMATCH.search(name) for name in names)
    return not other and any(_DUPLICATE.search(name) for name in names)


def entered(
    names: list[str], statements: list[Form], body: list[Form], around: tuple[Worlds, Worlds], *, apart: bool
) -> tuple[Worlds, Worlds]:
    """The worlds in which a handler for exceptions of these names is entered, and those in which it is passed by.

    `statements` are the handler's, `body` those of the `try`, which is entered and left in the worlds `around` it;
    `apart`: it is of a registration.
    """
    worlds, rest = around
    if any(map(tells_of_nothing, names)):
        return worlds & {"absent"}, rest - {"absent"}
    if any(_MISMATCH.search(name) for name in names):
        asked = any(item[0] in ("if", "ifexp") for item in walk(statements))
        told = {"wrong", *(rest & {"absent"} if asked else ())}
        return worlds & told, rest - told
    rest -= left_out(statements)
    if not apart and only_refuses(statements):
        return (worlds - {"right"} if mentions_password(body) else worlds & {"absent"}), rest
    return worlds, rest
