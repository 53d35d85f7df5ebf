"""Exceptions that are kept as they are among results, and told from those below: `isinstance(one, Exception)`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print


def is_looked_for(block: Block) -> bool:
    """Whether a function, or the one around it, asks what is an exception, and makes text of that for the log only."""
    facts, number = block.module.facts, block.number
    around = facts.functions[number][2] if number >= 0 else -1
    for forms in (block.forms, *([facts.forms(around)] if around >= 0 else [])):
        calls = forms.of("call")
        asked = {name for call in calls if _asks(call) for name in names_in(call[3][0])}
        if asked:
            logged = {id(item) for call in calls if is_log_call(call) or is_print(call) for item in walk(call)}
            made = (inner for form in forms.of("call", "fstr") if id(form) not in logged for inner in _texts(form))
            return all(asked.isdisjoint(names_in(inner)) for inner in made)
    return False


def _asks(call: Form) -> bool:
    return call[2][-1] == "isinstance" and bool(call[3][1:]) and call[3][1][-1] in ("Exception", "BaseException")


def _texts(form: Form) -> Iterator[Form]:
    """What an expression makes a text of: `str(one)`, `f"{one}"`."""
    match form:
        case ["call", _, ["name", _, "str" | "repr"], [inner], _]:
            yield inner
        case ["fstr", _, parts]:
            yield from (part[2] for part in parts if part[0] == "fmt")
