"""In which worlds of a login an `except` is entered, by the names of what it catches."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, awaited, last_name, walk
from fastapi_seclint.subjects.logins.ends import Worlds
from fastapi_seclint.subjects.logins.provider_codes import left_out
from fastapi_seclint.subjects.logins.worlds import VERIFIED, called_name, mentions_password, of_call, only_refuses

_NOT_FOUND = re.compile(
    r"Not_?Exists?|NoResultFound|Not_?Found|KeyError|NoSuch|Unknown(?!.*Hash)|StopIteration|Missing(?!.*(Argument|Config|Setting))"
    r"|NoEncontrad|NichtGefunden|Introuvable|NaoEncontrad|NonTrovat",
    re.I,
)
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


def _ends_in_refusal(statements: list[Form]) -> bool:
    """Whether a handler raises something of its own."""
    return bool(statements) and statements[-1][0] == "raise" and statements[-1][2] is not None


def looks_strictly(body: list[Form]) -> bool:
    """Whether a `try` does nothing but look an account up by what raises where there is none: `result.scalar_one()`."""
    calls = [form for form in walk(body) if form[0] == "call"]
    strict = any(_STRICT.match(called_name(form)) or _is_get_of_model(form) for form in calls)
    return strict and not mentions_password(body)


def _is_get_of_model(call: Form) -> bool:
    """`await User.get(email=email)` of Tortoise ORM and of Django."""
    match call:
        case ["call", _, ["attr", _, owner, "get"], [], [_, *_]]:
            return last_name(owner)[:1].isupper() or last_name(owner) == "objects"
    return False


_STRICT = re.compile(r"^(one|scalar_one|get_one|read_item)$")


def _verifies_by_raising(body: list[Form]) -> bool:
    """Whether a `try` tests a password and asks for no answer, since a wrong one raises: `hasher.verify(...)` alone."""
    alone = (form[2] for form in body if form[0] == "expr")
    return any(call[0] == "call" and of_call(call) == VERIFIED for call in map(awaited, alone))


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
    if any(_MISMATCH.search(name) for name in names) or _verifies_by_raising(body):
        asked = any(item[0] in ("if", "ifexp") for item in walk(statements))
        told = {"wrong", *(rest & {"absent"} if asked else ())}
        return worlds & told, rest - told
    if not apart and _ends_in_refusal(statements) and looks_strictly(body):
        return worlds & {"absent"}, rest - {"absent"}
    rest -= left_out(statements)
    if not apart and only_refuses(statements):
        return (worlds - {"right"} if mentions_password(body) else worlds & {"absent"}), rest
    return worlds, rest
