"""FSL602: every website may read this API's responses; a hint on origins that are easily taken over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import strings
from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.subjects.cors.answers import listed
from fastapi_seclint.subjects.cors.configurations import (
    Wildcard,
    aware,
    cors,
    opted_in,
    refused,
    surely_off,
    surely_on,
    used,
    wildcards,
    with_credentials,
    written,
)
from fastapi_seclint.subjects.cors.headers import headers
from fastapi_seclint.subjects.cors.replacement import ORIGINS, replaced
from fastapi_seclint.subjects.cors.weak_origins import weak_origins, without
from fastapi_seclint.subjects.hardening.middleware import Configuration

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL602",
    name="cors-wildcard-origin",
    summary="any website may read this API's responses",
    severity="medium",
    cwe=(942,),
    owasp=("API8",),
    guide="6",
    fixable="unsafe",
)

_MESSAGE = (
    "every website that a user opens can call this API from his browser and read the answers, "
    "those of an internal network too: list the origins that may"
)
_READING = {"GET", "HEAD", "OPTIONS"}


@RULE.check
def cors_wildcard_origin(program: Program) -> Iterator[Finding]:
    """One finding for each CORSMiddleware with `"*"` and without credentials; a hint on weak origins that have them."""
    for configuration in cors(program):
        if with_credentials(configuration) is not None:
            continue
        wildcard = _wildcard(program, configuration)
        if wildcard is not None:
            yield _any_website(program, configuration, wildcard)
        else:
            yield from _weak_origin(program, configuration)
    for header in headers(program):
        if not header.credentials:
            yield RULE.finding(
                header.block.location(header.at),
                _MESSAGE,
                persona="pedantic" if header.chosen else None,
                symbol=header.block.symbol,
                fix=listed(header),
            )


def _wildcard(program: Program, configuration: Configuration) -> Wildcard | None:
    for world in configuration.worlds:
        for wildcard in wildcards(world.get("allow_origins")):
            if not refused(program, configuration, wildcard):
                return wildcard
    return None


def _any_website(program: Program, configuration: Configuration, wildcard: Wildcard) -> Finding:
    origins = configuration.options["allow_origins"]
    deliberate = aware(configuration) or _reads_only(configuration) or opted_in(wildcard)
    return RULE.finding(
        origins.location,
        _MESSAGE,
        confidence=wildcard.confidence,
        persona="pedantic" if deliberate else "regular",
        symbol=configuration.block.symbol,
        evidence=[*written(origins, wildcard), *used(configuration, origins)],
        fix=replaced(program, configuration, "allow_origins", ORIGINS),
    )


def _reads_only(configuration: Configuration) -> bool:
    """Whether somebody decided on a public API: no credentials, in so many words, and methods that only read."""
    credentials, methods = (configuration.options.get(name) for name in ("allow_credentials", "allow_methods"))
    if credentials is None or methods is None or not surely_off(credentials.value):
        return False
    listed = strings(methods.value)
    return listed is not None and set(listed) <= _READING


def _weak_origin(program: Program, configuration: Configuration) -> Iterator[Finding]:
    """An origin with credentials that has no TLS, or is any program on the visitor's own computer."""
    worlds = [world for world in configuration.worlds if surely_on(world.get("allow_credentials"))]
    weak = dict.fromkeys(found for world in worlds for found in weak_origins(world.get("allow_origins")))
    for origin in weak:
        option = configuration.options["allow_origins"]
        who = "any program on the user's own computer" if origin.local else "anybody on the network between"
        place = origin.place
        evidence = [Evidence(place.location, f"`{origin.text}` is written here")] if place is not None else []
        yield RULE.finding(
            option.location,
            f"`{origin.text}` may use this API with the user's cookies, and {who} can be that origin: "
            "allow it only while developing, and https origins otherwise",
            severity="low",
            persona="pedantic",
            symbol=configuration.block.symbol,
            evidence=evidence,
            fix=without(program, list(weak)),
        )
        return
