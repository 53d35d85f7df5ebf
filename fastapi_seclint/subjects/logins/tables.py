"""Which table a lookup is for: helpers that are told it, variables that are named after another one."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, awaited, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.worlds import FOUND, Truth, called_name, is_account, looks_anything_up

_TABLES = frozenset({"model", "model_class", "model_cls", "klass", "table", "entity", "document"})
_TABLE = re.compile(r"\bselect\b.*?\bfrom\s+\W?(\w+)", re.I | re.S)
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


_RUNS = frozenset({"execute", "exec", "scalars", "stream"})


def row(block: Block, form: Form) -> Truth | None:
    """What the row of a result gives whose statement selects accounts: `result.scalar_one_or_none()`."""
    root, scope = form, block.scope
    while root[0] in ("call", "attr", "await"):
        if root is not form and looks_anything_up(form) and selects_account(root):
            return FOUND
        root = root[2]
    if root[0] != "name" or not looks_anything_up(form) or not isinstance(scope, FunctionScope):
        return None
    given = form[3][0] if called_name(form) == "scalar" and form[3] else None
    if given is not None and given[0] == "name":
        given = _assigned_before(scope, given[2], form[1])
    if given is not None:
        return FOUND if _of_accounts(given) else None
    value = _assigned_before(scope, root[2], form[1])
    if value is None:
        return None
    return FOUND if selects_account(value) or _runs_one_for_accounts(scope, value) else None


def _runs_one_for_accounts(scope: FunctionScope, form: Form) -> bool:
    """Whether a statement that was put down before is run and selects accounts: `query = select(User)` above it."""
    match awaited(form):
        case ["call", at, _, [["name", _, name], *_], _] if called_name(awaited(form)) in _RUNS:
            statement = _assigned_before(scope, name, at)
            return statement is not None and _of_accounts(statement)
    return False


def _assigned_before(scope: FunctionScope, name: str, at: int) -> Form | None:
    """What a name was assigned last before a place."""
    before = [item for item in scope.assignments(name) if item[1] < at and item[0] in ("assign", "annassign")]
    return before[-1][-1] if before else None


def selects_account(form: Form) -> bool:
    """Whether a statement that is run selects accounts: `await session.execute(select(User).where(...))`."""
    form = awaited(form)
    if form[0] != "call" or called_name(form) not in _RUNS:
        return False
    return _of_accounts(form)


def _of_accounts(form: Form) -> bool:
    """Whether a statement selects accounts, in SQLAlchemy or as text."""
    calls = [inner for inner in walk(form) if inner[0] == "call"]
    if any(called_name(inner) == "count" for inner in calls):
        return False
    for inner in calls:
        if called_name(inner) == "select":
            named = [str(item[-1]) for item in walk(inner[3]) if item[0] in ("name", "attr")]  # `models.User` as well
            classes = [name for name in named if name[:1].isupper()]
            return any(map(is_account, classes[:1]))
    texts = [inner[2] for inner in walk(form) if inner[0] == "const" and isinstance(inner[2], str)]
    texts = [text for text in texts if "count(" not in text.lower()]
    return any((table := _TABLE.search(text)) is not None and is_account(table[1]) for text in texts)
