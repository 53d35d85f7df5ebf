"""What a version specifier says: the range of releases it allows, as far as two bounds can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Release = tuple[int, ...]
"""A release without zeros at its end: `(0, 137)` for 0.137.0. Pre-, post- and local versions count as their release."""

_RELEASE = re.compile(r"v?(?:\d+!)?(\d{1,9}(?:\.\d{1,9})*)")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>|\^|~|=)?\s*(v?\d[\w.!+*-]*|\*)")


@dataclass(frozen=True, slots=True)
class Range:
    """Releases from `lower` (included) to `upper` (included if `closed`); None where there is no bound."""

    lower: Release | None = None
    upper: Release | None = None
    closed: bool = False

    @property
    def exact(self) -> Release | None:
        """The one release of the range, or None."""
        return self.lower if self.closed and self.lower == self.upper else None

    @property
    def is_bounded(self) -> bool:
        return self.lower is not None or self.upper is not None

    def __contains__(self, version: Release) -> bool:
        if self.lower is not None and version < self.lower:
            return False
        return self.upper is None or version < self.upper or (self.closed and version == self.upper)

    def __and__(self, other: Range) -> Range:
        """What both allow."""
        lowers = [bound for bound in (self.lower, other.lower) if bound is not None]
        uppers = [(one.upper, one.closed) for one in (self, other) if one.upper is not None]
        upper, closed = min(uppers, default=(None, False))
        return Range(max(lowers, default=None), upper, closed)

    def __or__(self, other: Range) -> Range:
        """The smallest range that holds both."""
        lower = None if self.lower is None or other.lower is None else min(self.lower, other.lower)
        if self.upper is None or other.upper is None:
            return Range(lower)
        upper, closed = max((self.upper, self.closed), (other.upper, other.closed))
        return Range(lower, upper, closed)


def release(version: str) -> Release | None:
    """The release of a version, or None if the text is none."""
    found = _RELEASE.match(version.strip())
    return normal(int(part) for part in found[1].split(".")) if found else None


def normal(parts: Iterable[int]) -> Release:
    """A release without zeros at its end."""
    numbers = list(parts)
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def exactly(version: str) -> Range:
    """The range of one version; without bounds if the text is none."""
    found = release(version)
    return Range(found, found, True) if found is not None else Range()


def parse(specifier: str, bare: str = "==") -> Range:
    """The range of a PEP 440 specifier or a Poetry constraint; what is not understood does not narrow it.

    `bare` is the operator of a version that has none (Poetry's `1.2` is `==1.2`).
    """
    ranges = []
    for alternative in specifier.split("||"):
        allowed = Range()
        for operator, version in _CLAUSE.findall(alternative):
            allowed &= _clause(operator or bare, version)
        ranges.append(allowed)
    result = ranges[0]
    for other in ranges[1:]:
        result |= other
    return result


def _clause(operator: str, version: str) -> Range:
    found = _RELEASE.match(version)
    if not found:
        return Range()
    parts = [int(part) for part in found[1].split(".")]
    bound = normal(parts)
    if operator in ("==", "===", "="):
        whole = version.endswith((".*", ".x"))
        return Range(bound, _next(parts, len(parts) - 1)) if whole else Range(bound, bound, True)
    if operator == "~=":
        return Range(bound, _next(parts, max(len(parts) - 2, 0)))
    if operator == "~":
        return Range(bound, _next(parts, min(1, len(parts) - 1)))
    if operator == "^":
        first = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
        return Range(bound, _next(parts, first))
    if operator in (">=", ">"):
        return Range(lower=bound)
    if operator in ("<", "<="):
        return Range(upper=bound, closed=operator == "<=")
    return Range()


def _next(parts: list[int], index: int) -> Release:
    """The first release that differs from `parts` at `index` or before."""
    return normal((*parts[:index], parts[index] + 1))
