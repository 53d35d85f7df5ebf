"""Guards that give what they looked up, or None where it is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def gives_found(program: Program, function: Function, depth: int = 1) -> bool:
    """Whether a function, or the one whose answer it gives, returns what was looked up, or a part of that, or None."""
    if lookups(function):
        return True
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    found = {target[2] for form in function.forms.of("assign") if form[3] is not None and _is_lookup(form[3])
             for target in form[2] if target[0] == "name"}  # fmt: skip
    if any(value[0] == "attr" and value[2][0] == "name" and value[2][2] in found for value in given):
        return any(value[0] == "const" and value[2] is None for value in given)
    block = body_of(program, function) if depth else None
    calls = [awaited(value) for value in given if awaited(value)[0] == "call"]
    inner = (one for call in calls for one, _ in called(program, block, call)) if block is not None else iter(())
    return any(gives_found(program, one, depth - 1) for one in inner)


def lookups(function: Function) -> list[Form]:
    """The statements that return what was looked up in a way that gives None when it is not there."""
    looked: set[str] = set()
    found = []
    for form in function.forms.every:
        if form[0] == "assign" and form[3] is not None and _is_lookup(form[3]):
            looked.update(target[2] for target in form[2] if target[0] == "name")
        given = form[2] if form[0] == "return" else None
        if given is not None and (_is_lookup(given) or (given[0] == "name" and given[2] in looked)):
            found.append(form)
    return found


def _is_lookup(form: Form) -> bool:
    form = awaited(form)
    if form[0] != "call" or form[2][0] not in ("name", "attr"):
        return False
    return _LOOKUP.match(str(form[2][-1])) is not None


_LOOKUP = re.compile(
    r"^(get|first|one_or_none|scalar_one_or_none|scalar|find_one|fetchone|fetchrow|next"
    r"|(look_?up|find|fetch|get|load|search)_\w*(by|for|with|in)_\w+)$"
)
