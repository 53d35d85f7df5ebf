"""FSL001: a file that could not be decoded or parsed, so nothing is known about the code in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.spans import Location, Span

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL001",
    name="unreadable-file",
    summary="a file could not be decoded or parsed, so nothing in it was checked",
    severity="medium",
)


@RULE.check
def unreadable_file(program: Program) -> Iterator[Finding]:
    """One finding a file, on the line where reading failed."""
    for error in program.unreadable:
        place = Location(error.path, Span(error.line, 1, error.line, 1))
        yield RULE.finding(place, f"this file was not checked: {error.message}")
