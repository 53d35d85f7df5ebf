"""The methods that an application's routes have and the headers that they read: what stands in for a star."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Const, settled

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADERS = ("Authorization", "Content-Type")
_OF_BROWSERS = (
    "accept", "connection", "content-length", "cookie", "forwarded", "host", "origin", "proxy-", "referer", "sec-",
    "user-agent", "x-forwarded-", "x-real-ip",
)  # fmt: skip
"""How the headers begin that browsers and proxies write themselves, which no script of a website has to send."""


def methods(program: Program) -> list[str]:
    """The methods of all routes, in the usual order; all usual ones where routes are not known."""
    served = {method for route in program.routes if route.kind != "docs" for method in route.methods}
    mounted = any(route.kind in ("mount", "raw") for route in program.routes)
    found = [method for method in _METHODS if method in served]
    return list(_METHODS) if mounted or not found else found


def headers(program: Program) -> list[str]:
    """The headers for tokens and JSON, those of API keys, and those that routes take as parameters.

    Each once: case does not matter in their names (RFC 9110, section 5.1).
    """
    found = dict.fromkeys(_HEADERS)
    for call in program.sites.calls("fastapi.security.APIKeyHeader", "fastapi.security.api_key.APIKeyHeader"):
        given = call.argument("name", 0)
        for known in settled(call.value(given)) if given is not None else ():
            if isinstance(known, Const) and isinstance(known.value, str):
                found[known.value] = None
    for route in program.routes:
        found.update(dict.fromkeys(_parameters(route)))
    kept: dict[str, str] = {}
    for name in found:
        if not name.lower().startswith(_OF_BROWSERS):
            kept.setdefault(name.lower(), name)
    return list(kept.values())


def _parameters(route: Route) -> Iterator[str]:
    for name, _, annotation, default, _ in route.function.parameters if route.function is not None else ():
        for form in walk([part for part in (annotation, default) if part is not None]):
            if form[0] == "call" and form[2][0] in ("name", "attr") and form[2][-1] == "Header":
                yield _alias(form) or "-".join(word.capitalize() for word in name.split("_"))


def _alias(call: Form) -> str:
    for keyword, value, _ in call[4]:
        if keyword == "alias" and value[0] == "const":
            return str(value[2])
    return ""
