"""Exceptions that nobody sees, since the function that raises them catches them and answers with something else."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block

_CATCHERS = frozenset({"HTTPException", "StarletteHTTPException", "Exception", "BaseException"})


def replaced(block: Block, form: Form) -> bool:
    """Whether a `raise`, or the exception made in it, is caught by a `try` around it that does not raise it again.

    The first handler that takes an `HTTPException` decides, as Python's does (language reference, 8.4.1).
    """
    return any(_raises(attempt[2], form) and _takes_over(attempt[3], form) for attempt in block.forms.of("try"))


def _raises(statements: list[Form], form: Form) -> bool:
    raises = (item for item in walk(statements) if item[0] == "raise")
    return any(inner is form for item in raises for inner in walk(item))


def _takes_over(handlers: list[Form], form: Form) -> bool:
    raised = last_name(form[2]) if form[0] == "call" else ""
    for kind, name, statements, _ in handlers:
        if _catches(kind, raised):
            raises = [form for form in walk(statements) if form[0] == "raise"]
            return not any(form[2] is None or (form[2][0] == "name" and form[2][2] == name) for form in raises)
    return False


def _catches(kind: Form | None, raised: str) -> bool:
    if kind is None:
        return True
    return any(last_name(item) in {*_CATCHERS, raised} for item in (kind[2] if kind[0] == "tuple" else [kind]))
