"""FSL801: TrustedHostMiddleware that trusts every host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import is_none
from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.cors.configurations import refused_here, refused_setting, wildcards, written
from fastapi_seclint.subjects.cors.replacement import HOSTS, replaced
from fastapi_seclint.subjects.hardening.applications import TRUSTED_HOST
from fastapi_seclint.subjects.hardening.middleware import Configuration, configurations

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL801",
    name="trusted-host-wildcard",
    summary="the check of the Host header accepts every host",
    severity="medium",
    cwe=(644, 20),
    owasp=("API8",),
    guide="8",
    fixable="unsafe",
)

_MESSAGE = (
    "{why}, so an attacker's Host header goes into redirects, links in mails and caches as before: "
    "list the names that the API is served under"
)


@RULE.check
def trusted_host_wildcard(program: Program) -> Iterator[Finding]:
    """One finding for each TrustedHostMiddleware with `"*"`, or with no hosts at all."""
    for configuration in configurations(program, TRUSTED_HOST):
        if not only_in_development(configuration.place):
            yield from _finding(program, configuration)


def _finding(program: Program, configuration: Configuration) -> Iterator[Finding]:
    option = configuration.options.get("allowed_hosts")
    symbol = configuration.block.symbol
    for world in configuration.worlds:
        for wildcard in wildcards(world.get("allowed_hosts")) if option is not None else ():
            if refused_setting(program, wildcard.setting) or refused_here(configuration, "allowed_hosts"):
                return
            yield RULE.finding(
                option.location if option is not None else configuration.call.location,
                _MESSAGE.format(why='`"*"` matches every host'),
                confidence=wildcard.confidence,
                symbol=symbol,
                evidence=list(written(option, wildcard, "hosts")) if option is not None else (),
                fix=replaced(program, configuration, "allowed_hosts", HOSTS),
            )
            return
    absent = option is None and configuration.complete
    told = [value for world in configuration.worlds if (value := world.get("allowed_hosts")) is not None]
    handed = option is not None and not is_none(option.value) and any(map(is_none, told))  # a helper gets none
    if absent or handed or (option is not None and is_none(option.value)):
        yield RULE.finding(
            configuration.call.location if option is None else option.location,
            _MESSAGE.format(why="without `allowed_hosts` every host is trusted"),
            symbol=symbol,
            fix=None if handed else replaced(program, configuration, "allowed_hosts", HOSTS),
        )
