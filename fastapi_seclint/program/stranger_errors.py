"""What is raised to refuse a stranger, and who catches it."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form

REFUSAL = re.compile(
    r"(forbid|unauthori[sz]ed|unauthenticated|access_?denied|permission_?(denied|error)|not_?allowed)", re.I
)
"""What exceptions are called that refuse somebody."""


def catches(handlers: list[Form], code: int | None) -> bool:
    """Whether one of the handlers catches what a guard raises: everything, or HTTPException by name."""
    broad = re.compile(
        r"^(Exception|BaseException)$"
        if code is None
        else r"^(Exception|BaseException|HTTPException|StarletteHTTPException)$"
    )
    for kind, *_ in handlers:
        names = [kind] if kind is None or kind[0] != "tuple" else kind[2]
        for name in names:
            if name is None or broad.match(str(name[-1]) if isinstance(name[-1], str) else ""):
                return True
            if code is None and name[-1] not in ("HTTPException", "StarletteHTTPException"):
                return True
    return False
