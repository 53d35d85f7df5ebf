"""What the files of a project mean together: names, values, routes, guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi_seclint.program.program import Program

__all__ = ["Program"]


def __getattr__(name: str) -> object:
    """The program model loads when it is first asked for: a run in which nothing changed never does."""
    if name == "Program":
        from fastapi_seclint.program.program import Program

        return Program
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
