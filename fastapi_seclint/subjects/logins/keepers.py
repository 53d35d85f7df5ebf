"""Names that hold an account whatever they are called: one row was looked up, and its password is read later on."""

from __future__ import annotations

import re
from functools import lru_cache

from fastapi_seclint.facts.forms import Form, awaited, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.logins.worlds import FOUND, Truth, called_name, looks_anything_up, mentions_password

_VERIFIES = re.compile(r"^(checkpw|verify(_password)?|check_password(_hash)?|compare_digest)$")
_ROW = re.compile(
    r"(^|_)(get|find|fetch|look_?up|load|select|query|by|of|for|retrieve|read|search|one|named|called|known|whose|with)(_|$)"
)


def held(block: Block, name: str, value: Form) -> Truth | None:
    """What is known of a name that is given one row of something: FOUND where the row's password is read.

    A case of a `match` gives it another name: `case Member() as found: ...`.
    """
    value = awaited(value)
    looked = value[0] == "call" and (_takes_first(value) or looks_anything_up(value) or _ROW.search(called_name(value)))
    if not looked and not (value[0] == "sub" and value[2][0] in ("name", "attr") and value[3][0] != "const"):
        return None
    others = (
        target[2]
        for form in block.forms.of("assign")
        if form[3][0] == "name" and form[3][2] == name
        for target in form[2]
        if target[0] == "name"
    )
    return FOUND if any(_is_read_as_account(block, one) for one in (name, *others)) else None


def _takes_first(call: Form) -> bool:
    """`next((entry for entry in entries if entry.name == name), None)`."""
    match call:
        case ["call", _, ["name", _, "next"], [["comp", *_], ["const", _, None]], _]:
            return True
    return False


def _is_read_as_account(block: Block, name: str) -> bool:
    for form in block.forms.of("attr", "sub"):
        if form[2][0] == "name" and form[2][2] == name:
            field = form[3] if form[0] == "attr" else form[3][2] if form[3][0] == "const" else None
            if isinstance(field, str) and mentions_password([["const", form[1], field]]):
                return True
    taken = {
        target[2]
        for form in block.forms.of("assign")
        if form[3][0] in ("attr", "sub") and form[3][2][0] == "name" and form[3][2][2] == name
        for target in form[2]
        if target[0] == "name"
    }
    for form in block.forms.of("call"):
        called, given = form[2], form[3]
        if called[0] == "attr" and called[2][0] == "name" and called[2][2] == name:
            told = given
        elif _is_verifier(last_name(called)):
            parts = [part for item in given for part in walk(item) if part[0] == "attr"]
            named = any(part[0] == "name" and part[2] in taken for item in given for part in walk(item))
            told = given if named or any(part[2][2:] == [name] for part in parts) else []
        else:
            continue
        if mentions_password(told):
            return True
    return False


@lru_cache(maxsize=4096)
def _is_verifier(name: str) -> bool:
    return _VERIFIES.match(name) is not None
