"""What middleware and guards leave behind of a stranger, in `request.state` and context variables, for those after."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi_seclint.program.kinds import Kinds


@dataclass(frozen=True, slots=True)
class Leavings:
    """The names under which a request carries what was found out about who is calling.

    `believed`: credentials that anybody may make up; `lacking`: nothing, for bad credentials; `nobodies`: an object
    that says that nobody is known, with its kinds.
    """

    believed: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    nobodies: frozenset[tuple[str, Kinds]] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """The names of credentials that anybody may make up, and of nothing."""
        return self.believed | self.lacking

    def believing(self, name: str) -> Leavings:
        """These, and made-up credentials under a name."""
        return self if name in self.believed else replace(self, believed=self.believed | {name})

    def without(self, name: str) -> Leavings:
        """These, and nothing under a name."""
        return self if name in self.lacking else replace(self, lacking=self.lacking | {name})

    def with_nobody(self, name: str, kinds: Kinds) -> Leavings:
        """These, and an object for nobody under a name; it may be any of those that were left there before."""
        others = frozenset(item for item in self.nobodies if item[0] != name)
        return replace(self, nobodies=others | {(name, kinds | (self.nobody(name) or frozenset()))})

    def nobody(self, name: str) -> Kinds | None:
        """The kinds of the object for nobody under a name, if there is one."""
        return next((kinds for kept, kinds in self.nobodies if kept == name), None)
