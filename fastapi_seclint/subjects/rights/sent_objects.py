"""Objects that a handler makes of what the client sent, which say nothing of who is calling."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import CALLED, Form, beginning, names_in
from fastapi_seclint.program.values import Function

_PLAIN = frozenset({"int", "str", "float", "bool", "datetime", "date", "Decimal", "UUID", "None"})


def made_of(handler: Function, sent: frozenset[str]) -> frozenset[str]:
    """The objects that a handler makes of nothing but what the client sent: `new = NewEmployee(role=role)`.

    What it takes out of them by a name of its own is one of them, `role_ids = data.role_ids`, and what it finds there:
    `is_lead = "lead" in data.roles`.
    """
    found: set[str] = set()
    for form in handler.forms.of("assign"):
        value = form[3]
        if value is not None and value[0] in ("compare", "bool", "unary"):
            named = names_in(value)
            given = named & sent if named <= {*sent, *found, *_PLAIN} else set()
            found.update(target[2] for target in form[2] if given and target[0] == "name")
        if value is not None and value[0] in ("attr", "sub") and beginning(value) in sent:
            found.update(target[2] for target in form[2] if target[0] == "name")
        if value is None or value[0] != "call" or value[2][0] != "name" or not value[2][2][:1].isupper():
            continue
        given = names_in([value[3], value[4]])
        if given & sent:
            found.update(target[2] for target in form[2] if target[0] == "name" and given <= {*sent, *_PLAIN})
    return frozenset(found)


def looked_up(handler: Function, sent: frozenset[str], callers: set[str]) -> frozenset[str]:
    """The names that a handler gives to what it looks up by what the client sent: `role = db.get(Role, role_id)`.

    Whether one of them was found says nothing of what the caller may do.
    """
    found: set[str] = set()
    for target, value in _pairs(handler):
        inner = value[2] if value[0] == "await" else value
        if target[0] == "name" and inner[0] == "call":
            named = names_in(inner)
            found.update([target[2]] if named & sent and not named & callers else [])
    return frozenset(found)


def picked_by(handler: Function, variables: set[str], callers: set[str]) -> frozenset[str]:
    """The names of what a handler looks up by a variable of the path, and of what it takes out of that."""
    found: set[str] = set()
    for target, value in _pairs(handler) if variables else ():
        inner = value[2] if value[0] == "await" else value
        named = names_in(inner)
        if target[0] != "name" or named & callers:
            found -= {target[2]} if target[0] == "name" else set()
        elif (inner[0] == "call" and named & variables) or (inner[0] != "const" and beginning(inner, CALLED) in found):
            found.add(target[2])
    return frozenset(found)


def _pairs(handler: Function) -> Iterator[tuple[Form, Form]]:
    """What is assigned to what, one by one: `user, role = find(a), find(b)`."""
    for form in handler.forms.of("assign"):
        for target in form[2] if form[3] is not None else ():
            if target[0] == form[3][0] == "tuple" and len(target[2]) == len(form[3][2]):
                yield from zip(target[2], form[3][2], strict=True)
            else:
                yield target, form[3]
