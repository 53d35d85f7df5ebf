"""The stages of a password on its way: as it was typed, a fast digest, a hash; and where an expression is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block

Kind = Literal["plain", "digest", "hash"]


@dataclass(frozen=True, slots=True)
class Text:
    """What an expression is made of: a request's password (`plain`), a fast digest of one, or the result of a hasher.

    `form` in `block` is where that is written: the expression or call. `sure`: it is known, not only told by names.
    """

    kind: Kind
    block: Block
    form: Form
    sure: bool = False
    through: Form | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """A block, and names in it that are taken for a request's password."""

    block: Block
    given: frozenset[str] = frozenset()
