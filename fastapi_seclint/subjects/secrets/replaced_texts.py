"""Texts that a name holds until a setting takes their place: `KEY = "text"`, `if "KEY" in os.environ: KEY = ...`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.subjects.code.reads import read_of, reads_setting

_BETWEEN = ("import", "from", "assign", "annassign", "expr", "def", "class")


class ReplacedText(NamedTuple):
    """A name, the assignment of a text to it, the `if` that may replace it, and what takes its place then."""

    name: str
    given: Form
    choice: Form
    value: Form

    @property
    def key(self) -> str:
        """What the setting is called where it is read, else the name."""
        match self.value:
            case ["sub", _, _, ["const", _, str(key)]]:
                return key
        read = read_of(self.value) if self.value[0] == "call" else None
        return read.name if read is not None else self.name


def replaced_texts(statements: list[Form]) -> Iterator[ReplacedText]:
    """Every text among statements that stays where a setting is missing."""
    given: dict[str, Form] = {}
    for form in statements:
        match form:
            case ["assign", _, [["name", _, name]], ["const", _, str()]]:
                given[name] = form
            case ["if", _, _, [["assign", _, [["name", _, name]], value]], []] if name in given:
                if reads_setting(value):
                    yield ReplacedText(name, given[name], form, value)
                given.pop(name)
            case [kind, *_] if kind not in _BETWEEN:
                given.clear()
