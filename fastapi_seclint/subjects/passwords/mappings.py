"""The passwords in dictionaries that are written in code."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Const, Mapping, options
from fastapi_seclint.subjects.passwords.names import is_password

IDENTITY = re.compile(r"^(user_?name|e?mail(_address)?|login|account|full_?name)$", re.I)
"""What a field is called that says whose account it is."""


def in_mapping(mapping: Mapping, depth: int = 3) -> str:
    """The password of a person in a dictionary or in one of those that it holds; empty where there is none."""
    names = [key.value for key, _ in mapping.items if isinstance(key, Const) and isinstance(key.value, str)]
    people = any(IDENTITY.match(name) for name in names)
    if found := next((name for name in names if is_password(name, people)), ""):
        return found
    for _, value in mapping.items:
        for option in options(value) if depth else ():
            if isinstance(option, Mapping) and (found := in_mapping(option, depth - 1)):
                return found
    return ""


def identifies(pairs: list[Form]) -> bool:
    """Whether a display of a dictionary says whose account it is: `{"username": user.username, ...}`."""
    return any(key is not None and key[0] == "const" and IDENTITY.match(str(key[2])) for key, _ in pairs)


def key_read(value: Form) -> str:
    """The key by which a value is read out of a dictionary: `row["password"]`, `row.get("password")`."""
    match value:
        case ["sub", _, _, ["const", _, str() as key]]:
            return key
        case ["call", _, ["attr", _, _, "get"], [["const", _, str() as key], *_], _]:
            return key
    return ""
