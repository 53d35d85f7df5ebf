"""Projects whose static route table is compared with the one that FastAPI builds."""

from __future__ import annotations

from dataclasses import dataclass

from projects import Files

GUARDS = "".join(f"def {name}() -> None: ...\n" for name in "abcdefgh")
START = "from fastapi import APIRouter, Depends, FastAPI\n"
FLAT = START + GUARDS


@dataclass(frozen=True)
class Case:
    """A project and what it shows: its application, whether all of it is resolved, what the model gets wrong."""

    files: Files
    entry: str = "main:app"
    resolved: bool = True
    wrong: str = ""


class Cases(dict[str, Case]):
    """Projects by name; a name is used once."""

    def add(self, name: str, files: Files, entry: str = "main:app", *, resolved: bool = True, wrong: str = "") -> None:
        """A project more; `wrong` is what the model says that is not so, and makes the case an expected failure."""
        assert name not in self, name
        self[name] = Case(files, entry, resolved, wrong)
