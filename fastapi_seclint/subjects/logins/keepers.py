"""Names that hold an account whatever they are called: one row was looked up, and its password is read later on."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.logins.worlds import FOUND, Truth, called_name, looks_anything_up, mentions_password

_VERIFIES = re.compile(r"^(checkpw|verify(_password)?|check_password(_hash)?|compare_digest)$")
_ROW = re.compile(r"(^|_)(get|find|fetch|look_?up|load|select|query|by|of|for|retrieve|read|search|one)(_|$)")


def held(block: Block, name: str, value: Form) -> Truth | None:
    """What is known of a name that is given one row of something: FOUND where the row's password is read."""
    while value[0] == "await":
        value = value[2]
    looked = value[0] == "call" and (_takes_first(value) or looks_anything_up(value) or _ROW.search(called_name(value)))
    if not looked and not (value[0] == "sub" and value[2][0] in ("name", "attr") and value[3][0] != "const"):
        return None
    return FOUND if _is_read_as_account(block, name) else None


def _takes_first(call: Form) -> bool:
    """`next((entry for entry in entries if entry.name == name), None)`."""
    match call:
        case ["call", _, ["name", _, "next"], [["comp", *_], ["const", _, None]], _]:
            return True
    return False


def _is_read_as_account(block: Block, name: str) -> bool:
    for form in block.forms.of("attr", "sub", "call"):
        match form:
            case ["attr", at, ["name", _, owner], str() as field] if owner == name:
                told = [["const", at, field]]
            case ["sub", at, ["name", _, owner], ["const", _, str() as field]] if owner == name:
                told = [["const", at, field]]
            case ["call", _, ["attr", _, ["name", _, owner], _], given, _] if owner == name:
                told = given
            case ["call", _, called, given, _] if _VERIFIES.match(last_name(called)):
                parts = [part for item in given for part in walk(item) if part[0] == "attr"]
                told = given if any(part[2][2:] == [name] for part in parts) else []
            case _:
                continue
        if mentions_password(told):
            return True
    return False
