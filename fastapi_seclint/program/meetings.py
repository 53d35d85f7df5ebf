"""How the elements of a route answer the two strangers, and what that says of the route."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.program.encounters import Encounter, Ending
from fastapi_seclint.program.table import Guards, Protection

if TYPE_CHECKING:
    pass

Verdict = Literal["denies", "partly", "passes"]


@dataclass(slots=True)
class Meeting:
    """How one element of a route answers the two strangers.

    `scheme`: it is nothing but a security scheme. `configured`: only some configurations have it. `used`: it hands
    made-up credentials on to something that may reject them. `optional`: it gives the handler nothing for a stranger.
    `inert`: it refuses everybody, or only redirects. `blind`: it refuses everybody and is given nothing by which it
    could tell callers apart: what a setting switches off. `checked`: it looks at credentials.
    """

    name: str
    missing: Verdict
    junk: Verdict
    opaque: tuple[str, ...] = ()
    scheme: bool = False
    configured: bool = False
    used: bool = False
    optional: bool = False
    inert: bool = False
    blind: bool = False
    checked: bool = False


@dataclass(slots=True)
class Guarding:
    """The answer for a route.

    `reason` says why it is unknown, or what guards an open one when it is configured to; `meetings` are its
    elements in the order they run.
    """

    protection: Protection
    guards: Guards
    reason: str = ""
    meetings: list[Meeting] = field(default_factory=list)


def verdict(encounter: Encounter) -> Verdict:
    """How an element answers: it refuses (unless something configured lets the request by), partly, or not at all.

    What raises for everybody without looking at who calls, as what is not supported does, refuses no stranger.
    """
    if encounter.denies and (encounter.checked or any(ending.code in (401, 403) for ending in encounter.endings)):
        return "denies"
    denials = [ending for ending in encounter.endings if ending.denies and ending.checked]
    certain = any(not ending.conditional for ending in denials)
    if encounter.checked and certain and all(ending.conditional for ending in encounter.passes):
        return "denies"
    telling = [ending for ending in denials if not _is_other_matter(ending)]
    return "partly" if encounter.checked and telling else "passes"


def _is_other_matter(ending: Ending) -> bool:
    """Whether a refusal on some condition says by its status that it is not about who calls."""
    code = ending.code
    return ending.conditional and code is not None and (code in range(405, 430) or code >= 500)


def refused(meetings: list[Meeting]) -> bool:
    """Whether both strangers are refused, each by whomever, without anything that has to be set up first."""
    there = [item for item in meetings if not item.configured]
    return any(item.missing == "denies" for item in there) and any(item.junk == "denies" for item in there)


def meeting_of(name: str, answers: list[Encounter]) -> Meeting:
    """The meeting with an element, from what the two strangers meet in it: missing credentials, then junk."""
    missing, junk = answers
    opaque = tuple(dict.fromkeys([*missing.opaque, *junk.opaque]))
    used = missing.used or junk.used or junk.checked
    optional = verdict(missing) == "passes" and bool(
        missing.returned & {"absent", "bad"} or ("nothing" in missing.returned and missing.checked)
    )
    inert = missing.denies and junk.denies
    met = Meeting(name, verdict(missing), verdict(junk), opaque, used=used, optional=optional, inert=inert)
    met.checked = missing.checked or junk.checked
    return met
