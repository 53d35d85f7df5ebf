"""Whom a guard meets, and how it answers: strangers, ways out of a function, all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi_seclint.program.kinds import ABSENT, CLEAN, FALSE, JUNK, NOTHING, TRUE, Kinds
from fastapi_seclint.program.values import Place


class Raised(Exception):
    """The expression refuses a stranger. `looked`: because of his credentials, as far as can be seen."""

    def __init__(self, code: int | None = None, looked: bool = True) -> None:
        super().__init__()
        self.code = code
        self.looked = looked


class Sent(Raised):
    """The expression sends an answer that refuses, which says nothing of whether credentials were looked at."""


class PassedOn(Exception):
    """The expression hands the request to the application behind a middleware."""


@dataclass(slots=True)
class Ending:
    """One way out of a function: `denies`, with the status code where it is known, or the kinds that it returns.

    `conditional`: only on a condition that has nothing to do with credentials. `checked`: after looking at them.
    `says`: True or False, where it returns that in so many words; `parts`: the kinds of the members of a tuple.
    """

    denies: bool
    kinds: Kinds
    code: int | None
    conditional: bool
    place: Place | None
    checked: bool = True
    says: bool | None = None
    parts: tuple[Kinds, ...] = ()


@dataclass(slots=True)
class Encounter:
    """All ways out of a function for one stranger. `checked`: credentials were tested or handed on at all.

    `opaque` names calls of unknown code that got the credentials and may have checked them; `by_path`: the path or
    method of the request was asked for; `used`: credentials went into a look-up or another call that may reject them;
    `switched`: the configuration decided something, or whether there is anything that credentials are compared with;
    `lacking`: the attributes that a constructor which looked at credentials leaves with nothing in them; `sent`: what
    refuses is an answer that is sent.
    """

    endings: list[Ending] = field(default_factory=list)
    checked: bool = False
    opaque: list[str] = field(default_factory=list)
    by_path: bool = False
    used: bool = False
    switched: bool = False
    lacking: frozenset[str] = frozenset()
    sent: bool = False

    def heed(self, inner: Encounter) -> None:
        """Note what was met in a function that this one called, whichever way out it took."""
        self.opaque += [name for name in inner.opaque if name not in self.opaque]
        self.checked = self.checked or inner.checked
        self.by_path = self.by_path or inner.by_path
        self.used = self.used or inner.used
        self.switched = self.switched or inner.switched

    @property
    def denies(self) -> bool:
        """Whether every way out refuses."""
        return bool(self.endings) and all(ending.denies for ending in self.endings)

    @property
    def may_deny(self) -> bool:
        """Whether some way out refuses."""
        return any(ending.denies for ending in self.endings)

    @property
    def passes(self) -> list[Ending]:
        """The ways out that do not refuse."""
        return [ending for ending in self.endings if not ending.denies]

    @property
    def said(self) -> bool | None:
        """True or False, where every way out that does not refuse returns the same."""
        found = {ending.says for ending in self.passes}
        return found.pop() if len(found) == 1 else None

    @property
    def parts(self) -> list[Kinds]:
        """What each member of the tuple may be that every way out which does not refuse returns; else empty.

        Only where a member says how it went, True, False or None; `return "invalid", []` is an outcome as a whole.
        """
        found = [ending.parts for ending in self.passes]
        if not found or len({len(parts) for parts in found}) != 1:
            return []
        members = [frozenset().union(*members) for members in zip(*found, strict=True)]
        return members if any(member & (TRUE | FALSE | NOTHING) for member in members) else []

    @property
    def says_no(self) -> bool:
        """Whether every way out that does not refuse returns False, or what checking bad credentials gives."""
        every = all(ending.says is False or ending.kinds <= _FALSE for ending in self.passes)
        return every and any(ending.says is False for ending in self.passes)

    @property
    def returned(self) -> Kinds:
        """Everything that it may return."""
        return frozenset().union(*(ending.kinds for ending in self.passes)) or CLEAN


_FALSE = frozenset({"bad", "absent", "nothing", "false"})


@dataclass(slots=True)
class Stranger:
    """Whom a function meets: without credentials, or with junk; on which path, where that is known.

    `configured`: where every switch of the configuration is the other way round than it is by default.
    """

    junk: bool
    path: str | None = None
    method: str | None = None
    websocket: bool = False
    configured: bool = False

    @property
    def credential(self) -> Kinds:
        """The kinds of a credential that the request should carry."""
        return JUNK if self.junk else ABSENT
