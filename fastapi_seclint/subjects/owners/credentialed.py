"""Objects that a handler makes of what the client sent to prove who it is: `auth = Account(token=authorization)`."""

from __future__ import annotations

from functools import cache

from fastapi_seclint.facts.forms import last_name, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import Function

_SENT = frozenset({"Header", "Cookie", "Security"})


@cache
def made_of_credentials(function: Function) -> frozenset[str]:
    """The names that get what a call makes of a header or cookie with a credential: they stand for the caller."""
    sent = {one[0] for one in function.parameters if _is_credential(one[0], one[2], one[3])}
    found: set[str] = set()
    for form in function.forms.of("assign", "annassign") if sent else ():
        value = form[-1][2] if form[-1] is not None and form[-1][0] == "await" else form[-1]
        if value is None or value[0] != "call":
            continue
        given = [*value[3], *(item for _, item, _ in value[4])]
        if any(item[0] == "name" and item[2] in sent for item in given):
            targets = form[2] if form[0] == "assign" else [form[2]]
            found.update(target[2] for target in targets if target[0] == "name")
    return frozenset(found)


def _is_credential(name: str, *written: object) -> bool:
    marks = [last_name(form[2]) for form in walk([item for item in written if item]) if form[0] == "call"]
    return bool(_SENT & set(marks)) and credentials.names_credential(name)
