"""FSL604: a regular expression for origins lets in websites of strangers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Collection,
    Const,
    Environment,
    External,
    Place,
    Text,
    Value,
    options,
    settled,
)
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.origins import blocks_of
from fastapi_seclint.subjects.cors.assembled_patterns import assembled, literal
from fastapi_seclint.subjects.cors.configurations import cors, surely_off, surely_on, used
from fastapi_seclint.subjects.cors.origin_patterns import Looseness, looseness
from fastapi_seclint.subjects.cors.own_test_fixes import mended
from fastapi_seclint.subjects.cors.own_tests import loose_tests
from fastapi_seclint.subjects.cors.tightening import tightened
from fastapi_seclint.subjects.cors.weak_origins import without_null
from fastapi_seclint.subjects.hardening.middleware import Configuration, Option, World

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL604",
    name="cors-loose-origin-regex",
    summary="a pattern for origins lets in websites of strangers",
    severity="high",
    cwe=(942, 185),
    owasp=("API8",),
    guide="6",
    fixable="safe",
)

_PUT_TOGETHER = ("binop", "fstr", "call")
_UNKNOWN = r"unknown\.example"
"""Stands for a part of a pattern that is not known: the name of a domain, rightly escaped."""

_MESSAGES = {
    "any": "`{part}` matches every website that an attacker puts up: list the origins, or name your own domain",
    "null": (
        "the origin `null` is every sandboxed frame and local file, so any website can be it: "
        "take `null` out of the pattern"
    ),
    "continued": (
        "`{part}` also matches a longer name that an attacker registers, such as one that goes on with `.evil.test`: "
        "end the pattern in your own domain"
    ),
    "glued": (
        "`{part}` also matches a domain of an attacker that ends in the same letters: "
        "put an escaped dot before your domain, `.*\\.`"
    ),
    "registry": "`{part}` matches every domain that anybody registers below that ending: name your own domain",
    "shared": (
        "`{part}` matches names that anybody gets at this hosting service, an attacker too: "
        "list the names that are yours"
    ),
    "dot": (
        "an unescaped dot stands for any character, so `{part}` also matches a name that an attacker registers: "
        "write `\\.`"
    ),
}


@RULE.check
def cors_loose_origin_regex(program: Program) -> Iterator[Finding]:
    """One finding for each CORSMiddleware, or test by hand, whose pattern lets in more than the names of one owner."""
    for configuration in cors(program):
        found = _loose(configuration)
        if found is not None:
            yield _finding(program, configuration, *found)
        elif _lists_null(configuration):
            option = configuration.options["allow_origins"]
            message = _MESSAGES["null"].replace("the pattern", "the list")
            fix = without_null(program, [world.get("allow_origins") for world in configuration.worlds])
            yield RULE.finding(option.location, message, symbol=configuration.block.symbol, fix=fix)
    for test in loose_tests(program):
        message = _MESSAGES[test.found.mistake].format(part=test.found.part)
        place = test.block.location(test.at)
        yield RULE.finding(place, message, confidence="medium", symbol=test.block.symbol, fix=mended(test))


def _lists_null(configuration: Configuration) -> bool:
    """Whether `null` is one of the origins and credentials go with it."""
    return any(
        surely_on(world.get("allow_credentials"))
        and any(
            isinstance(item, Const) and item.value == "null"
            for known in settled(world.get("allow_origins"))
            if isinstance(known, Collection)
            for item in known.items
        )
        for world in configuration.worlds
    )


def _loose(configuration: Configuration) -> tuple[World, Value, Place | None, Looseness] | None:
    for world in configuration.worlds:
        for option in options(world.get("allow_origin_regex")):
            for known in settled(option):
                text, place = _pattern(known)
                found = looseness(text) if text else None
                if found is not None and not (place is not None and only_in_development(place)):
                    return world, option, place, found
    return None


def _pattern(value: Value) -> tuple[str, Place | None]:
    match value:
        case Const(value=str() as text, place=place):
            return text, place
        case Text(parts=parts, place=place):
            return "".join(part if isinstance(part, str) else _part(part) for part in parts), place
        case External(name="re.compile()", arguments=arguments) if arguments is not None:
            for known in settled(arguments.get("pattern", 0)):
                if not isinstance(known, External):
                    return _pattern(known)
    return "", None


def _part(value: Value) -> str:
    for known in settled(value):
        if isinstance(known, Text):
            return _pattern(known)[0]
        if isinstance(known, Const) and isinstance(known.value, str):
            return known.value
    return _UNKNOWN


def _finding(
    program: Program, configuration: Configuration, world: World, option: Value, place: Place | None, found: Looseness
) -> Finding:
    given = configuration.options["allow_origin_regex"]
    evidence = []
    if place is not None and not given.contains(place.location):
        evidence.append(Evidence(place.location, "the pattern is written here"))
    public = surely_off(world.get("allow_credentials")) and configuration.complete
    return RULE.finding(
        given.location,
        _MESSAGES[found.mistake].format(part=found.part),
        severity="medium" if public else "high",
        confidence="medium" if isinstance(option, Environment) or found.mistake == "shared" else "high",
        symbol=configuration.block.symbol,
        evidence=[*evidence, *used(configuration, given)],
        fix=_fix(program, given, option, place, found) if place is not None else None,
    )


def _fix(program: Program, given: Option, option: Value, place: Place, found: Looseness) -> Fix | None:
    """The pattern tightened where it is written; one that names nobody is left to the configuration."""
    text = next((one for one, at in map(_pattern, settled(option)) if at == place), "")
    for block in blocks_of(program, place.module):
        for form in _expressions(block, place.at):
            if form[0] != "const":
                return assembled(program, block, form, text, found)
            if looseness(form[2]) != found:
                continue
            path, span = place.module.path, span_of(form[1])
            tight = tightened(form[2])
            if tight is None:
                return _configured(path, form) if form is given.form else None
            if (written := literal(tight)) is not None:
                edit = ReplaceExpression(path, span, written)
                title = "escape the dots of the pattern" if found.only_dots else f"tighten the pattern: `{tight}`"
                return Fix(title, found.only_dots, (edit,))
    return None


def _configured(path: str, form: Form) -> Fix:
    edit = ReplaceExpression(path, span_of(form[1]), 'os.getenv("CORS_ORIGIN_REGEX")')
    return Fix("match the pattern in `CORS_ORIGIN_REGEX`, nobody without it", False, (AddImport(path, "os"), edit))


def _expressions(block: Block, at: int) -> Iterator[Form]:
    """The texts at a place, and what puts one together there."""
    for form in block.forms.every:
        if form[1] == at and ((form[0] == "const" and isinstance(form[2], str)) or form[0] in _PUT_TOGETHER):
            yield form
