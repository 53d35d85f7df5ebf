"""How code gets to a call that makes a token: the calls on the way, and what the names hold then."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.payloads.branching import Names


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A call on the way to a token, and the block that it stands in."""

    block: Block
    form: Form


@dataclass(slots=True)
class Way:
    """One way: its steps, nearest first; `unseen` where nobody is seen to call the outermost function."""

    names: Names
    steps: tuple[Step, ...] = ()
    unseen: bool = False
