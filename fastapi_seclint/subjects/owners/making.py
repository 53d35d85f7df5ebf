"""For whom things are made: the field that gets the caller where a handler makes one of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.subjects.owners.belongings import is_staff, kind_of, singular
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.notes import is_attribution
from fastapi_seclint.subjects.owners.stores import put_down
from fastapi_seclint.subjects.owners.ties import Tie, is_caller, tie_by

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def tie_to_maker(program: Program, resource: str) -> Tie | None:
    """How such things are tied to their maker, whatever the field is called: `Message(sender=me.id)`."""
    return _ties(program).get(resource)


@lru_cache(maxsize=1)
def _ties(program: Program) -> dict[str, Tie]:
    found: dict[str, Tie] = {}
    for route in program.routes:
        handler = route.function
        callers = caller_names(program, route) if handler is not None and "POST" in route.methods else set()
        for form in handler.forms.of("call") if handler is not None and callers else ():
            for where, tie in put_down(form, callers):
                found.setdefault(singular(where), tie)
            kind = kind_of(_made(form[2]))
            for name, value, _ in form[4] if kind else ():
                if name is not None and is_caller(value, callers) and not (is_staff(name) or is_attribution(name)):
                    found.setdefault(kind, tie_by(name, value, kind))
    return found


def _made(called: Form) -> str:
    """The class whose object a call makes: `Message(...)`, `models.Message(...)`, `Message.create(...)`."""
    names = []
    while called[0] == "attr":
        names.append(str(called[3]))
        called = called[2]
    names += [str(called[2])] if called[0] == "name" else []
    if not names[:1] or not (names[0][:1].isupper() or names[0] in ("create", "objects", "acreate", "insert")):
        return ""
    return next((name for name in names if name[:1].isupper()), "")
