"""Security schemes of FastAPI as strangers meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.kinds import ABSENT, CLEAN, JUNK
from fastapi_seclint.program.values import Class, External, Instance, Value, constant

if TYPE_CHECKING:
    pass


def scheme_of(value: Value) -> External | Instance | None:
    """The security scheme of FastAPI that a dependency is, when it is nothing more than that."""
    if isinstance(value, External) and value.name.startswith("fastapi.security.") and value.called:
        return value
    if not isinstance(value, Instance) or not isinstance(value.cls, Class) or method_of(value, "__call__") is not None:
        return None
    return value if any(base.startswith("fastapi.security.") for base in value.cls.external_bases()) else None


def meet_scheme(scheme: External | Instance, stranger: Stranger) -> Encounter:
    """A scheme refuses missing credentials unless `auto_error=False`, and never looks at junk (semantics E41-E43)."""
    place = scheme.place
    given = scheme.arguments.keywords if scheme.arguments is not None else {}
    if stranger.junk:
        return Encounter([Ending(False, JUNK, None, False, place)])
    if "auto_error" in given and constant(given["auto_error"]) is False:
        return Encounter([Ending(False, ABSENT, None, False, place)])
    return Encounter([Ending(True, CLEAN, 401, False, place)], checked=True)
