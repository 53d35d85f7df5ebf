"""What counts as a secret in one project: the word lists, and what `[tool.seclint.secrets]` adds and takes away."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.subjects.secrets.names import kind_of, known_format

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names and values of secrets as a project's configuration has them."""

    names: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    least: float = 3.0

    def kind(self, name: str) -> str:
        """What a name holds, empty for no secret; names that the configuration adds hold a `secret`."""
        found = kind_of(name)
        if not found and name and any(fnmatchcase(name.lower(), pattern.lower()) for pattern in self.names):
            return "secret"
        return found

    def allows(self, text: str) -> bool:
        """Whether the configuration says that a text is no secret."""
        return any(fnmatchcase(text, pattern) for pattern in self.allowed)

    def has_format(self, text: str) -> bool:
        """Whether a text has the shape of a provider's key and enough entropy to be one."""
        return known_format(text, self.least)


@answered_once
def vocabulary(program: Program) -> Vocabulary:
    """The vocabulary of a program, made once."""
    given = program.config.secrets if program.config is not None else None
    return Vocabulary() if given is None else Vocabulary(given.names, given.allow_values, given.min_entropy)
