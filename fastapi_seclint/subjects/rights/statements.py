"""Statements of SQL that only find a caller who has the right to something: `WHERE id = %s AND role = 'ADMIN'`."""

from __future__ import annotations

import re

from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.words import names_right

_SELECT = re.compile(r"^\s*(select|with)\b", re.I)
_CONDITION = re.compile(
    r"\b(?:where|and|or|when|not)\s+(?:\(\s*)*(?:\w+\.)?(\w+)\s*(?:=|<>|!=|>=?|<=?|\bin\b|\bis\b|\))", re.I
)


def selects_by_rights(function: Function) -> bool:
    """Whether a function writes down a statement that looks for rows by a role, a permission or the like."""
    return any(_asks_for_right(form[2]) for form in function.forms.of("const") if isinstance(form[2], str))


def _asks_for_right(statement: str) -> bool:
    return _SELECT.match(statement) is not None and any(names_right(name) for name in _CONDITION.findall(statement))
