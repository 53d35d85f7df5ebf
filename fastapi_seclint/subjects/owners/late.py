"""Functions that change a thing before they use their caller at all: he can decide nothing any more."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, arguments, last_name, mentions, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.uses import Using, spread

_CHANGES = re.compile(r"^(update|delete|remove|edit|patch|replace|cancel|revoke)(_\w+)?$")
_KEEPS = re.compile(r"^(async_)?(save|delete|remove|merge|replace|update)(_one|_changes)?$")
"""What is done with a thing that was loaded, `engine.save(note)` or `note.delete()`; a commit keeps what was set."""


def changes_first(function: Function, callers: set[str], variables: set[str]) -> bool:
    """Whether a function changes what a variable of the path names before it uses the caller at all."""
    known, things, touched = set(callers), set[str](), False
    spread(function, known)
    pending = function.statements()
    while pending:
        statement, *pending = pending
        if statement[0] == "try":
            pending = [*statement[2], *pending]
            continue
        if Using(known, {})(statement):
            return False
        calls = [form for form in walk(statement) if form[0] == "call"]
        if any(_changes_by_id(form, variables) or _keeps(form, things) for form in calls):
            return True
        if touched and any(last_name(form[2]) == "commit" for form in calls):
            return True
        touched = touched or _touches(statement, things)
        if statement[0] == "assign" and any(mentions(arguments(form), variables) for form in calls):
            things |= {target[2] for target in statement[2] if target[0] == "name"}
    return False


def _changes_by_id(call: Form, variables: set[str]) -> bool:
    named = any(item[0] == "name" and item[2] in variables for item in arguments(call))
    return named and call[2][0] in ("name", "attr") and _CHANGES.match(snake(str(call[2][-1]))) is not None


def _keeps(call: Form, things: set[str]) -> bool:
    if call[2][0] != "attr" or not _KEEPS.match(call[2][3]):
        return False
    return any(item[0] == "name" and item[2] in things for item in (call[2][2], *call[3]))


def _touches(statement: Form, things: set[str]) -> bool:
    """Whether a statement sets a field of a thing."""
    for form in walk(statement):
        if form[0] == "call" and form[2][2:] == ["setattr"] and form[3] and mentions(form[3][0], things):
            return True
        if form[0] == "assign" and any(
            target[0] == "attr" and target[2][0] == "name" and target[2][2] in things for target in form[2]
        ):
            return True
    return False
