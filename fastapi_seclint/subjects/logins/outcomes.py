"""How a function ends in each of the worlds of a login: with which exception, which answer, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.handed import NOTHING, Handed
from fastapi_seclint.subjects.logins.walks import Walk
from fastapi_seclint.subjects.logins.worlds import ALL, Truth

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 4
Key = tuple[str, int, tuple[tuple[str, str], ...]]
"""A function by its file and number there, and what is known of what it is given."""


@dataclass(slots=True)
class Follower:
    """Follows functions; kept for one program so that each is followed once a depth.

    `apart` is for registrations, which look up one account by its name and another by its address: what one lookup
    found says nothing of the next.
    """

    program: Program
    apart: bool = False
    known: dict[Key, list[Outcome]] = field(default_factory=dict)
    followed: set[tuple[str, int]] = field(default_factory=set)
    """The functions that were followed, by file and number."""
    busy: set[tuple[str, int]] = field(default_factory=set)
    lookup: Follower | None = None
    """For registrations: what a helper that looks one account up gives; in there, one finding follows from another."""

    def summed(self, function: Function, depth: int, given: Handed = NOTHING) -> list[Outcome]:
        """The ways in which a helper ends, where only what it gives back is asked for."""
        self.lookup = self.lookup or (Follower(self.program) if self.apart else self)
        return self.lookup.outcomes(function, depth, given)

    def outcomes(self, function: Function, depth: int = _DEPTH, given: Handed = NOTHING) -> list[Outcome]:
        """The ways in which a function of the project ends; a wrapper is followed by what it wraps.

        `given` says of its parameters what a caller has found out about what he gives for them.
        """
        function = function.innermost
        place = (function.module.file, function.number)
        key = (*place, tuple(sorted((name, _written(found)) for name, found in given.items())))
        if key in self.known:
            return self.known[key]
        block = self.program.sites.block(function.module, function.number) if function.number >= 0 else None
        if block is None or depth == 0 or place in self.busy:
            return []
        self.busy.add(place)
        walk_ = Walk(self, block, depth, names=dict(given))
        rest = walk_.run(function.statements(), ALL)
        self.busy.discard(place)
        self.followed.add(place)
        if rest and function.statements():
            last = function.statements()[-1]
            walk_.found.append(Outcome(rest, "falsy", None, walk_.block, last))
        self.known[key] = walk_.found
        return walk_.found


def _written(truth: Truth) -> str:
    return repr(sorted((world, sorted(answers)) for world, answers in truth.items()))
