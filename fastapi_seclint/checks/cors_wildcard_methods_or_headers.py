"""FSL603: other websites may use every method, or send every header, where a few are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.subjects.cors.configurations import cors, used, wildcards, written
from fastapi_seclint.subjects.cors.listing import headers, methods
from fastapi_seclint.subjects.cors.replacement import Remedy, replaced
from fastapi_seclint.subjects.hardening.middleware import Configuration

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL603",
    name="cors-wildcard-methods-or-headers",
    summary="other websites may use every method and send every header",
    severity="low",
    cwe=(942,),
    owasp=("API8",),
    guide="6",
    fixable="unsafe",
    after=("credential-in-query", "api-key-in-query"),  # they may bring headers
)

_MESSAGES = {
    "allow_methods": (
        'with `"*"` an allowed website may use every method, those of routes to come too, and one that is taken over '
        "deletes as well as it reads: list the methods that it needs"
    ),
    "allow_headers": (
        'with `"*"` an allowed website may send every header, also those that a proxy or the API trusts: '
        "list the headers that it needs"
    ),
}


@RULE.check
def cors_wildcard_methods_or_headers(program: Program) -> Iterator[Finding]:
    """One finding for each of the two arguments that has `"*"`, since each is mended on its own."""
    for configuration in cors(program):
        for name in _MESSAGES:
            yield from _finding(program, configuration, name)


def _finding(program: Program, configuration: Configuration, name: str) -> Iterator[Finding]:
    for world in configuration.worlds:
        for wildcard in wildcards(world.get(name)):
            option = configuration.options[name]
            what = name.removeprefix("allow_")
            yield RULE.finding(
                option.location,
                _MESSAGES[name],
                confidence=wildcard.confidence,
                symbol=configuration.block.symbol,
                evidence=[*written(option, wildcard, what), *used(configuration, option)],
                fix=replaced(program, configuration, name, _remedy(program, what)),
            )
            return


def _remedy(program: Program, what: str) -> Remedy:
    listed = methods(program) if what == "methods" else headers(program)
    code = "[" + ", ".join(f'"{item}"' for item in listed) + "]"
    return Remedy(f"list the {what}: {', '.join(listed)}", code, code)
