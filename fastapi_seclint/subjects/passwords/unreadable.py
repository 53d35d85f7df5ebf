"""Fields that a model itself makes unreadable, with a validator or serializer that encrypts or masks them."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.values import Class, External, Function, string

_OF_FIELDS = frozenset({"validator", "field_validator", "field_serializer"})
"""Decorators of pydantic that are given the fields which a method is for."""
_COVERING = re.compile(r"encrypt|mask|redact|obfuscat|censor", re.I)


def made_unreadable(cls: Class) -> set[str]:
    """The fields for which a method of a class answers with what a call of `encrypt(...)` or `mask(...)` gives."""
    found: set[str] = set()
    for base in cls.lineage():
        for method in base.namespace.values() if isinstance(base, Class) else ():
            if isinstance(method, Function) and (names := _fields_of(method)) and _covers(method):
                found.update(names)
    return found


def _fields_of(method: Function) -> list[str]:
    for decorator in method.decorators:
        name = decorator.name.removesuffix("()").rpartition(".")[2] if isinstance(decorator, External) else ""
        if name in _OF_FIELDS and isinstance(decorator, External) and decorator.arguments is not None:
            return [field for item in decorator.arguments.positional if (field := string(item))]
    return []


def _covers(method: Function) -> bool:
    return any(
        form[2] is not None and form[2][0] == "call" and _COVERING.search(last_name(form[2][2])) is not None
        for form in method.forms.of("return")
    )
