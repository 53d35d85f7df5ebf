"""How a function ends in each of the worlds of a login: with which exception, which answer, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.walks import Walk
from fastapi_seclint.subjects.logins.worlds import ALL

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 4


@dataclass(slots=True)
class Follower:
    """Follows functions; kept for one program so that each is followed once a depth.

    `apart` is for registrations, which look up one account by its name and another by its address: what one lookup
    found says nothing of the next.
    """

    program: Program
    apart: bool = False
    known: dict[tuple[str, int], list[Outcome]] = field(default_factory=dict)
    busy: set[tuple[str, int]] = field(default_factory=set)
    lookup: Follower | None = None
    """For registrations: what a helper that looks one account up gives; in there, one finding follows from another."""

    def summed(self, function: Function, depth: int) -> list[Outcome]:
        """The ways in which a helper ends, where only what it gives back is asked for."""
        self.lookup = self.lookup or (Follower(self.program) if self.apart else self)
        return self.lookup.outcomes(function, depth)

    def outcomes(self, function: Function, depth: int = _DEPTH) -> list[Outcome]:
        """The ways in which a function of the project ends; a wrapper is followed by what it wraps."""
        function = function.innermost
        key = (function.module.file, function.number)
        if key in self.known:
            return self.known[key]
        block = self.program.sites.block(function.module, function.number) if function.number >= 0 else None
        if block is None or depth == 0 or key in self.busy:
            return []
        self.busy.add(key)
        walk_ = Walk(self, block, depth)
        rest = walk_.run(function.statements(), ALL)
        self.busy.discard(key)
        if rest and function.statements():
            last = function.statements()[-1]
            walk_.found.append(Outcome(rest, "falsy", None, walk_.block, last))
        self.known[key] = walk_.found
        return walk_.found
