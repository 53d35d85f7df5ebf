"""The methods that an application's routes have and the headers that they read: what stands in for a star."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Const, Function, settled

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
    """The headers for tokens and JSON, those of API keys, and those that routes, guards and middleware read.

    Each once: case does not matter in their names (RFC 9110, section 5.1).
    """
    found = dict.fromkeys(_HEADERS)
    for call in program.sites.calls("fastapi.security.APIKeyHeader", "fastapi.security.api_key.APIKeyHeader"):
        given = call.argument("name", 0)
        for known in settled(call.value(given)) if given is not None else ():
            if isinstance(known, Const) and isinstance(known.value, str):
                found[known.value] = None
    found.update(dict.fromkeys(_of_own_schemes(program)))
    for route in program.routes:
        functions = [route.function, *(node.function for node in route.nodes())]
        found.update(dict.fromkeys(name for function in functions if function for name in _parameters(function)))
    found.update(dict.fromkeys(_read(program)))
    kept: dict[str, str] = {}
    for name in found:
        if not name.lower().startswith(_OF_BROWSERS):
            kept.setdefault(name.lower(), name)
    return list(kept.values())


def _of_own_schemes(program: Program) -> Iterator[str]:
    """The headers that schemes of the project's own read: `super().__init__(name="X-Key")` of an `APIKeyHeader`."""
    for block in program.sites.blocks(frozenset({"APIKeyHeader"})):
        for statement in block.forms.of("class"):
            if not any(base[-1] == "APIKeyHeader" for base in statement[3] if base[0] in ("name", "attr")):
                continue
            for definition in statement[6]:
                inner = program.sites.block(block.module, definition[2]) if definition[0] == "def" else None
                if inner is None or inner.function is None or inner.function.name != "__init__":
                    continue
                given = [(item[0], item[3]) for item in inner.function.parameters]
                given += [(keyword, value) for call in inner.forms.of("call") for keyword, value, _ in call[4]]
                for name, value in given:
                    if value is not None and value[0] == "const" and (name == "name" or "header" in str(name)):
                        yield str(value[2])


def _read(program: Program) -> Iterator[str]:
    """The headers of the project's own that code takes out of a request: `request.headers.get("X-CSRF-Token")`."""
    for block in program.sites.blocks(frozenset({"headers"})):
        for form in block.forms.of("call", "sub") if not program.is_test(block.module) else ():
            match form:
                case ["call", _, ["attr", _, owner, "get"], [["const", _, str() as name], *_], _]:
                    pass
                case ["sub", _, owner, ["const", _, str() as name]]:
                    pass
                case _:
                    continue
            match owner:
                case ["attr", _, ["name", _, "request" | "req" | "websocket" | "connection"], "headers"]:
                    if name.lower().startswith("x-"):
                        yield name


def _parameters(function: Function) -> Iterator[str]:
    for name, _, annotation, default, _ in function.parameters:
        for form in walk([part for part in (annotation, default) if part is not None]):
            if form[0] == "call" and form[2][0] in ("name", "attr") and form[2][-1] == "Header":
                yield _alias(form) or "-".join(word.capitalize() for word in name.split("_"))


def _alias(call: Form) -> str:
    for keyword, value, _ in call[4]:
        if keyword == "alias" and value[0] == "const":
            return str(value[2])
    return ""
