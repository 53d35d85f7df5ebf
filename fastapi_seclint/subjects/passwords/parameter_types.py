"""What a parameter may hold by its annotation, default or name: a form, a mapping, the request, a text."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.values import (
    Annotated,
    Const,
    External,
    Generic,
    Unknown,
    Value,
    options,
)

_NEUTRAL = frozenset({"secret", "value", "text", "plain", "plaintext", "raw", "credential", "phrase"})
_SETTINGS = re.compile(r"(^|[._])(settings|config|conf|env|environ)(\(\))?$", re.I)


def is_written(form: Form) -> bool:
    """Whether a password is written down or set up, as that of the first account is: nothing has hashed it."""
    return form[0] == "const" or (form[0] == "attr" and _SETTINGS.search(spelled(form[2])) is not None)


def is_form(value: Value | None) -> bool:
    """Whether a value is what FastAPI makes of a login: its password form, or HTTP Basic credentials."""
    return isinstance(value, External) and any(
        name in value.name for name in ("OAuth2PasswordRequestForm", "HTTPBasicCredentials", "HTTPBasic()")
    )


def is_request(value: Value | None, form: Form) -> bool:
    """Whether an expression is the request itself, by its class or its name."""
    names = [option.name for option in options(value) if isinstance(option, External)]
    return any("Request" in name for name in names) or spelled(form) in ("request", "req", "self.request")


def is_mapping(value: Value | None) -> bool:
    """Whether an annotation lets a parameter be a dictionary."""
    name = value.origin if isinstance(value, Generic) else value.name if isinstance(value, External) else ""
    return name.rpartition(".")[2] in ("dict", "Dict", "Mapping", "MutableMapping", "Any", "FormData")


def is_any_model(value: Value | None) -> bool:
    """Whether an annotation lets a parameter be whatever model there is: `data: BaseModel`, `data: CreateT`."""
    name = value.name if isinstance(value, External) else ""
    return name.rpartition(".")[2] in ("BaseModel", "SQLModel", "TypeVar()")


def says_nothing(name: str) -> bool:
    """Whether a parameter may hold a password or anything else, so that its callers decide."""
    return name in _NEUTRAL


def may_be_text(value: Value | None) -> bool:
    """Whether an annotation lets a parameter be a text."""
    if isinstance(value, Annotated):
        return may_be_text(value.base)
    if isinstance(value, Generic):
        return any(may_be_text(member) for member in value.members)
    if isinstance(value, External):
        return value.name.rpartition(".")[2] in (
            "str", "bytes", "SecretStr", "Any", "constr()", "bytearray", "Form()", "SecretBytes", "AnyStr",
        )  # fmt: skip
    return value is None or isinstance(value, Unknown | Const)
