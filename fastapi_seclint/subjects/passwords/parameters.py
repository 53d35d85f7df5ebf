"""Which parameter of a function is a password, said by its own name, the function's, or what validates a field."""

from __future__ import annotations

import re

from fastapi_seclint.program.values import External, Function, options, string
from fastapi_seclint.subjects.passwords import hashers
from fastapi_seclint.subjects.passwords.names import naming, words
from fastapi_seclint.subjects.secrets.names import word_set

_VALIDATORS = ("field_validator()", "validator()", "validates()")
_BESIDE = word_set(
    """
    salt pepper rounds cost iterations n scheme schemes algorithm algo method key secret hash hashed digest stored
    encoded encrypted user account self cls info values request session db config settings length size
    """
)
_SETS = re.compile(r"^_*(set|assign)_(the_|new_|user_|plain_|raw_)?(password|passwd|pwd|pw)$")
_CHANGES = re.compile(r"^_*(change|update|reset|set|replace)_(the_|my_|user_)?(password|passwd|pwd)$")
_OLD_AND_NEW = word_set("old new current previous")
_OTHER = word_set("token email mail id name username code uid pk at time date url")

_BRINGING = re.compile(
    r"^(dto|payload|body|form|form_data|creds|credentials|user_in|user_create|login_request|register_request"
    r"|(user|login|register|registration|signup|account)_?(data|dto|in|form|payload|body))$"
)


def brings_data(name: str) -> bool:
    """Whether a parameter without annotation is called like what came with a request: `dto`, `payload`, `form_data`."""
    return _BRINGING.match(name) is not None


def holds_password(function: Function, name: str) -> bool:
    """Whether a parameter of a function is a password as it was typed.

    `password` says it itself; the one of `hash_password(value)` and the value of `@field_validator("password")` are
    known by what they are given to, that of `@password.setter` by the name of the property.
    """
    if naming(name) == "plain":
        return True
    if name == "value" and function.name == "process_bind_param":
        return True  # of a column that holds a password, or nobody asks
    if name in _OLD_AND_NEW and (_CHANGES.match(function.name) or _is_change_of_passwords(function)):
        return True
    names = [item[0] for item in function.parameters]
    if any(naming(item) == "plain" for item in names):
        return False
    first = next((item for item in names if not _BESIDE.intersection(words(item))), "")
    if first != name or naming(name) == "kept":
        return False
    if function.owner is not None and function.decorators and len(names) == 2 and naming(function.name) == "plain":
        return True
    if function.owner is not None and _SETS.match(function.name):
        return not _OTHER.intersection(words(name))
    return hashers.step_by_name(["name", 0, function.name]) in ("hash", "verify") or _validates_password(function)


def is_about_passwords(function: Function) -> bool:
    """Whether a function says by its own or its parameters' names that it is about passwords."""
    return naming(function.name) != "" or any(naming(item[0]) == "plain" for item in function.parameters)


def _is_change_of_passwords(function: Function) -> bool:
    """Whether a method changes what its class is about: `change` of a `PasswordService`."""
    owner = function.owner.name.lower() if function.owner is not None else ""
    return "password" in owner and function.name in ("change", "update", "reset", "set", "replace")


def _validates_password(function: Function) -> bool:
    """Whether a method validates a model's field that holds a password."""
    for decorator in function.decorators:
        for option in options(decorator):
            if isinstance(option, External) and option.name.endswith(_VALIDATORS) and option.arguments is not None:
                fields = [string(item) for item in option.arguments.positional]
                return bool(fields) and all(field is not None and naming(field) == "plain" for field in fields)
    return False
