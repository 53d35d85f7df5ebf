"""FSL802: an application that answers under every name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport
from fastapi_seclint.facts.forms import line_of
from fastapi_seclint.program.routers import Router
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.cors.replacement import HOSTS, listed_elsewhere
from fastapi_seclint.subjects.hardening.applications import (
    TRUSTED_HOST,
    applications,
    below,
    says,
    symbol,
    uses_library,
)
from fastapi_seclint.subjects.hardening.coverage import has_layer

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL802",
    name="trusted-host-missing",
    summary="the application answers under every name that a request claims",
    severity="low",
    persona="pedantic",
    cwe=(644, 20),
    owasp=("API8",),
    guide="8",
    fixable="unsafe",
)

_MESSAGE = (
    "nothing checks the Host header, so an attacker's goes into redirects, links in mails and caches: "
    "add TrustedHostMiddleware with the names that the API is served under"
)
_SOURCE, _MIDDLEWARE = "fastapi.middleware.trustedhost", "TrustedHostMiddleware"
_BY_HAND = re.compile(rb'(?<!"client"\],)"host"|"(?:hostname|allowed_hosts|x-forwarded-host)"')
"""The Host header and what is tested with it; the host of `request.client` is the address of the caller."""


@RULE.check
def trusted_host_missing(program: Program) -> Iterator[Finding]:
    """One finding for each application without a check of the Host header."""
    for app in applications(program):
        if has_layer(program, app, TRUSTED_HOST):
            continue
        if not says(app, _BY_HAND, but="redirect") and not uses_library(program, app, for_hosts=True):
            yield RULE.finding(app.place.location, _MESSAGE, symbol=symbol(app), fix=_fix(program, app))


def _fix(program: Program, app: Router) -> Fix | None:
    module = app.place.module
    name = local_name(module, _MIDDLEWARE, _SOURCE)
    imports = (AddImport(module.path, _SOURCE, _MIDDLEWARE, name if name != _MIDDLEWARE else None),)
    listed = listed_elsewhere(program, module, line_of(app.place.at), HOSTS)
    code = f"{{app}}.add_middleware({name}, allowed_hosts={listed.code})"
    return below(program, app, listed.title, code, (*imports, *listed.edits), outside_redirect=True)
