"""Conditions that keep nobody out.

Those of a query that Python's `and` and `or` throw away: `filter(Note.id == key and Note.owner_id == me.id)`.

SQLAlchemy's comparisons are objects. `and` asks whether the first is true, which one of a column with a value never is
(sqlalchemy/sql/elements.py, `BinaryExpression.__bool__` compares the identities of both sides), and gives the first;
`or` gives the last. And those on which only an attribute is set: `if note.owner_id == me.id: note.mine = True`.
"""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.values import Function

_FILTERS = frozenset({"filter", "where", "having"})


def lost_conditions(function: Function) -> frozenset[int]:
    """The identities of the comparisons in a function's queries that never get into them, or that only fill in."""
    found = {
        id(inner)
        for form in function.forms.of("if")
        if not form[4] and all(map(_fills_in, form[3]))
        for inner in walk(form[2])
    }
    imported = {name.partition(".")[0] for name in function.module.facts.imports}
    for call in function.forms.of("call") if imported & {"sqlalchemy", "sqlmodel"} else ():
        if last_name(call[2]) in _FILTERS:
            for item in call[3]:
                found.update(id(inner) for part in _dropped(item) for inner in walk(part))
    return frozenset(found)


def _fills_in(statement: Form) -> bool:
    """Whether a statement only gives an attribute of something a value."""
    return statement[0] == "assign" and all(target[0] == "attr" for target in statement[2])


def _dropped(condition: Form) -> list[Form]:
    match condition:
        case ["bool", _, "and" | "or" as joined, items] if all(map(_is_of_column, items)):
            return list(items[1:] if joined == "and" else items[:-1])
    return []


def _is_of_column(form: Form) -> bool:
    """Whether a comparison is of a column of a class with anything: `Note.id == key`."""
    if form[0] != "compare" or form[3] != ["=="]:
        return False
    sides = [form[2], *form[4]]
    return any(side[0] == "attr" and last_name(side[2])[:1].isupper() for side in sides)
