"""FSL804: responses without the headers that make browsers careful, or with values that browsers ignore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.routers import Router
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.hardening.applications import (
    Setting,
    addition,
    applications,
    below,
    settings,
    symbol,
    uses_library,
)
from fastapi_seclint.subjects.hardening.coverage import bears, own_middleware

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL804",
    name="security-headers-missing",
    summary="no header tells browsers to be careful with the responses",
    severity="low",
    persona="pedantic",
    cwe=(693, 1021),
    owasp=("API8",),
    guide="8",
    fixable="unsafe",
)

_VALUES = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_MESSAGE = (
    "no response has a security header, so browsers guess types, show the pages in frames of other websites "
    "and come back over plain http: add a middleware that sets them"
)


@RULE.check
def security_headers_missing(program: Program) -> Iterator[Finding]:
    """One finding for each header without effect; one for each application without any."""
    known = settings(program)
    for found in known:
        if not found.works:
            yield RULE.finding(
                found.location,
                f"browsers ignore `{found.value}` for `{found.name}`, or switch the protection off by it: "
                "give it a value that protects",
                symbol=found.symbol,
                fix=_working(found),
            )
    for app in applications(program):
        if not bears(program, app, known) and not uses_library(program, app):
            yield RULE.finding(app.place.location, _MESSAGE, symbol=symbol(app), fix=_fix(program, app, known))


def _fix(program: Program, app: Router, known: list[Setting]) -> Fix | None:
    """The middleware that the project has for another application, else the reference's."""
    title = "set security headers on every response"
    own = own_middleware(program, [found for found in known if found.works])
    if own is None:
        return addition(program, app, "security_headers", title, "SecurityHeadersMiddleware")
    module, source = app.place.module, own.place.module.name
    name = local_name(module, own.name, source)
    imports = [AddImport(module.path, source, own.name, name if name != own.name else None)]
    edits = imports if own.place.module is not module else []
    return below(program, app, title, f"{{app}}.add_middleware({name})", tuple(edits))


def _working(found: Setting) -> Fix | None:
    """The value that the reference gives the header, in place of the one without effect."""
    if found.written is None or found.name not in _VALUES:
        return None
    code = f'{"b" if found.written[0] == "bytes" else ""}"{_VALUES[found.name]}"'
    edit = ReplaceExpression(found.location.path, span_of(found.written[1]), code)
    return Fix(f"give {found.name} a value that protects", False, (edit,))
