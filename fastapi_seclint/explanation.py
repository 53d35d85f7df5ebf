"""Why a rule fires at a place or does not: what `seclint explain` found out, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi_seclint.program.table import Kind, Protection
from fastapi_seclint.rule import Finding
from fastapi_seclint.spans import Location


@dataclass(frozen=True, slots=True)
class Link:
    """One element on the way to a handler: a middleware, a dependency, a decorator or the handler itself.

    `effects` say what it does to a caller (`authenticates`, `scheme only`, `optional`, `authorizes`, `unknown`; nothing
    for what lets everybody pass), `note` why that is thought. `depth` counts the dependencies around it, `place` is
    where it is defined and `written` where the route asks for it.
    """

    kind: str
    name: str
    effects: tuple[str, ...]
    note: str = ""
    depth: int = 0
    parameter: str = ""
    place: Location | None = None
    written: Location | None = None


@dataclass(frozen=True, slots=True)
class Excused:
    """A rule that leaves a route alone, by name, and why."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class ExplainedRoute:
    """A route with all that a request meets on its way, in the order in which it meets it, and the verdict.

    `excused` are rules that have something to say of their silence.
    """

    app: str
    methods: tuple[str, ...]
    path: str
    kind: Kind
    endpoint: str
    place: Location | None
    protection: Protection
    reason: str
    included_through: tuple[Location, ...]
    chain: tuple[Link, ...]
    decided_by: str = ""
    excused: tuple[Excused, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedFinding:
    """A finding at the place. `status` is `shown`, `suppressed` or `left out`; `decided_by` says by what."""

    finding: Finding
    status: str
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedValue:
    """What a name or argument on the line is, and where that was written."""

    name: str
    value: str
    place: Location | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known about a line; `there` says what stands on it.

    `looked` are the names of rules that are known to have looked at the place, `rules` is how many ran; `asked` is the
    rule of `--rule`, and `asked_says` what became of it.
    """

    location: Location
    there: tuple[str, ...]
    findings: tuple[ExplainedFinding, ...]
    routes: tuple[ExplainedRoute, ...]
    values: tuple[ExplainedValue, ...]
    looked: tuple[str, ...] = ()
    rules: int = 0
    asked: str = ""
    asked_says: str = ""
