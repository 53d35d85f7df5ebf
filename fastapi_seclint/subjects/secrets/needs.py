"""A place that needs a secret."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi_seclint.spans import Location


@dataclass(frozen=True, slots=True)
class Use:
    """A place that needs a secret: of which kind, as what, and where; `service` is what it opens, if known."""

    kind: str
    what: str
    location: Location
    service: str = ""
