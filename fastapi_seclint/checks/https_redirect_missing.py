"""FSL803: an application that neither redirects to HTTPS nor tells browsers to stay there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.subjects.hardening.applications import (
    REDIRECT,
    addition,
    applications,
    making,
    says,
    settings,
    symbol,
    uses_library,
    words,
)
from fastapi_seclint.subjects.hardening.coverage import bears, has_layer

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL803",
    name="https-redirect-missing",
    summary="browsers may talk to the application over plain http",
    severity="low",
    persona="pedantic",
    cwe=(319,),
    owasp=("API8",),
    guide="8",
    fixable="unsafe",
)

_MESSAGE = (
    "whoever comes over plain http stays there, and everybody on the way reads passwords and tokens: "
    "redirect to https, or set Strict-Transport-Security"
)
_BY_HAND = re.compile(rb'"(?:https|x-forwarded-proto)"')
_TLS = ("ssl_keyfile", "ssl_certfile", "ProxyHeadersMiddleware", "proxy_headers", "forwarded_allow_ips")


@RULE.check
def https_redirect_missing(program: Program) -> Iterator[Finding]:
    """One finding for each application without a redirect, the header, or a sign that something in front does it.

    It stands at the statement, before that of `trusted-host-missing`: fixes are made in the order of places, and the
    layer that is added last is the outermost (semantics 47).
    """
    told = [found for found in settings(program) if found.name == "strict-transport-security" and found.works]
    proxied = words(program, *_TLS) or any(app.arguments.get("root_path") is not None for app in program.apps)
    for app in applications(program) if not proxied else ():
        if has_layer(program, app, REDIRECT) or bears(program, app, told):
            continue
        if not says(app, _BY_HAND) and not uses_library(program, app):
            fix = addition(program, app, "hosts", "redirect to HTTPS, except on localhost", "HTTPSRedirect")
            yield RULE.finding(making(program, app), _MESSAGE, symbol=symbol(app), fix=fix)
