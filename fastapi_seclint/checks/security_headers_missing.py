"""FSL804: responses without the headers that make browsers careful, or with values that browsers ignore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.routers import Router
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code as spelled
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
                fix=_working(found, known),
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


def _working(found: Setting, known: list[Setting]) -> Fix | None:
    """The value that the reference gives the header, in place of the one without effect, and what is missing beside it.

    Where several beside each other have no effect, the first one's fix adds what is missing.
    """
    if found.written is None or found.name not in _VALUES:
        return None
    path = found.location.path
    code = f'{"b" if found.written[0] == "bytes" else ""}"{_VALUES[found.name]}"'
    edits: list[Edit] = [ReplaceExpression(path, span_of(found.written[1]), code)]
    beside = [one for one in known if (one.location.path, one.symbol) == (path, found.symbol)]
    missing = [name for name in _VALUES if all(one.name != name for one in known)]
    first = next(one for one in beside if not one.works)
    headers = spelled(found.assigned[2][0][2]) if found.assigned is not None else None
    if first is found and found.assigned is not None and headers is not None and missing:
        lines = "\n".join(f'{headers}["{name.title()}"] = "{_VALUES[name]}"' for name in missing)
        edits.append(InsertStatements(path, span_of(found.assigned[1]), "after", lines))
    return Fix(f"give {found.name} a value that protects", False, tuple(edits))
