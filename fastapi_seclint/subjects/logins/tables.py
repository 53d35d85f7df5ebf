"""Which table a lookup is for: helpers that are told it, variables that are named after another one."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.worlds import FOUND, Truth, is_account, looks_anything_up, selects_account

_TABLES = frozenset({"model", "model_class", "model_cls", "klass", "table", "entity", "document"})
_THERE = re.compile(r"^(existing|found)_(\w+)$")


def takes_any_table(function: Function | None) -> bool:
    """Whether a function is told which table to look in: `get_or_404(model, **filters)`."""
    return function is not None and any(parameter[0] in _TABLES for parameter in function.parameters)


def is_of_other_table(block: Block, name: str) -> bool:
    """Whether a variable is named after another table of the function: `existing_cart` next to `select(Cart)`."""
    match = _THERE.match(snake(name))
    if match is None or is_account(match[2]):
        return False
    return any(form[2][:1].isupper() and snake(form[2]) == match[2] for form in block.forms.of("name"))


def row(block: Block, form: Form) -> Truth | None:
    """What the row of a result gives whose statement selects accounts: `result.scalar_one_or_none()`."""
    root, scope = form, block.scope
    while root[0] in ("call", "attr"):
        root = root[2]
    if root[0] != "name" or not looks_anything_up(form) or not isinstance(scope, FunctionScope):
        return None
    before = [item for item in scope.assignments(root[2]) if item[1] < form[1] and item[0] in ("assign", "annassign")]
    return FOUND if before and before[-1][-1] is not None and selects_account(before[-1][-1]) else None
