"""Objects that a handler makes of what the client sent, which say nothing of who is calling."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function

_PLAIN = frozenset({"int", "str", "float", "bool", "datetime", "date", "Decimal", "UUID", "None"})


def made_of(handler: Function, sent: frozenset[str]) -> frozenset[str]:
    """The objects that a handler makes of nothing but what the client sent: `new = NewEmployee(role=role)`.

    What it takes out of them by a name of its own is one of them: `role_ids = data.role_ids`.
    """
    found: set[str] = set()
    for form in handler.forms.of("assign"):
        value = form[3]
        if value is not None and value[0] in ("attr", "sub") and _root(value) in sent:
            found.update(target[2] for target in form[2] if target[0] == "name")
        if value is None or value[0] != "call" or value[2][0] != "name" or not value[2][2][:1].isupper():
            continue
        given = {item[2] for item in walk([value[3], value[4]]) if item[0] == "name"}
        if given & sent:
            found.update(target[2] for target in form[2] if target[0] == "name" and given <= {*sent, *_PLAIN})
    return frozenset(found)


def _root(form: Form) -> str:
    """The name that an attribute or item is read of; empty for anything else."""
    while form[0] in ("attr", "sub"):
        form = form[2]
    return str(form[2]) if form[0] == "name" else ""
