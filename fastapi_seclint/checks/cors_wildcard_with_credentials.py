"""FSL601: every website is allowed to read this API's responses with the visitor's cookies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.subjects.cors.answers import listed
from fastapi_seclint.subjects.cors.configurations import cors, refused, switched_off, used, with_credentials, written
from fastapi_seclint.subjects.cors.headers import headers
from fastapi_seclint.subjects.cors.replacement import ORIGINS, replaced

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL601",
    name="cors-wildcard-with-credentials",
    summary="any website may call this API with the visitor's cookies and read the answer",
    severity="high",
    cwe=(942,),
    owasp=("API8",),
    guide="6",
    fixable="unsafe",
)

_MESSAGE = (
    'with `"*"` and credentials Starlette echoes the origin that asks, so any website can use this API as the visitor '
    "who is logged in and read the answers: list the origins that may, or drop allow_credentials"
)
_ECHOED = (
    "the origin that asks is let in with credentials, whoever it is, so any website can use this API as the visitor "
    "who is logged in and read the answers: look it up in a list first"
)
_STARRED = (
    "every website reads these answers, and the API would take the visitor's cookies as well, which only browsers "
    "refuse: list the origins that may, and answer with the one that asks"
)


@RULE.check
def cors_wildcard_with_credentials(program: Program) -> Iterator[Finding]:
    """One finding for each CORSMiddleware whose origins may hold `"*"` while credentials are surely on."""
    for configuration in cors(program):
        wildcard = with_credentials(configuration)
        if wildcard is None or refused(program, configuration, wildcard) or switched_off(configuration):
            continue
        origins, credentials = configuration.options["allow_origins"], configuration.options["allow_credentials"]
        yield RULE.finding(
            origins.location,
            _MESSAGE,
            confidence=wildcard.confidence,
            symbol=configuration.block.symbol,
            fix=replaced(program, configuration, "allow_origins", ORIGINS),
            evidence=[
                *written(origins, wildcard),
                Evidence(credentials.location, "credentials are allowed here"),
                *used(configuration, origins),
            ],
            masks=("cors-wildcard-origin",),  # which only then speaks of origins without TLS
        )
    for header in headers(program):
        if header.credentials:
            yield RULE.finding(
                header.block.location(header.at),
                _STARRED if header.star else _ECHOED,
                severity="medium" if header.star else "high",
                symbol=header.block.symbol,
                fix=listed(header),
            )
