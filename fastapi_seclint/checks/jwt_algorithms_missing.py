"""FSL304: a token is read without a pinned list of algorithms, or with one that the token itself brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import RemoveListItem
from fastapi_seclint.facts.forms import Form, last_name, span_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import NONE, Collection, Const, Environment, External, Value, options
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule, Severity
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import Origin, ask, blocks_of, origins
from fastapi_seclint.subjects.code.spread import keys
from fastapi_seclint.subjects.tokens.headers import from_header, is_allowed
from fastapi_seclint.subjects.tokens.jwt import Decoding, Library, decodings, prepared_for
from fastapi_seclint.subjects.tokens.pinning import pinned

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL304",
    name="jwt-algorithms-missing",
    summary="the token chooses how its own signature is checked",
    severity="high",
    cwe=(347, 757),
    owasp=("API2",),
    guide="3",
    fixable="safe",
)

_POSITION: dict[Library, int] = {"pyjwt": 2, "jose": 2, "joserfc": 2}
_DEFAULTS = "get_default_algorithms"
_NONE = "`none` among the algorithms accepts tokens without a signature: anybody is any user, so drop it"
_ALL = ("ALGORITHMS.ALL", "ALGORITHMS.SUPPORTED", "get_default_algorithms", "get_default_algorithms()")


@RULE.check
def jwt_algorithms_missing(program: Program) -> Iterator[Finding]:
    """One finding for each decoding call whose algorithms are not pinned."""
    yield from {finding.location: finding for finding in _decodings(program)}.values()
    yield from _made_open(program)


def _decodings(program: Program) -> Iterator[Finding]:
    trusting = any(decoding.maker and not decoding.verifies_signature for decoding in decodings(program))
    for decoding in decodings(program):
        if trusting and "PyJWT()" in decoding.call.name:
            continue
        if decoding.maker or program.is_test(decoding.call.block.module) or not decoding.verifies_signature:
            continue
        found = _found(program, decoding)
        if found is None and _has_own_algorithm(program, decoding):
            continue
        if found is None:
            yield from _missing(program, decoding, decoding.call.location)
            continue
        decoding, (block, form, location) = found
        if from_header(program, block, form):
            if is_allowed(program, block, form):
                continue
            message = (
                "the list of algorithms is taken from the token's own header: an attacker chooses the check that their "
                "forged token passes, so write the algorithm down"
            )
            yield _finding(program, decoding, location, message, "high", "high")
        elif _allows(program, block, form, "none"):
            finding = _finding(program, decoding, location, _NONE, "critical", "high")
            yield replace(finding, evidence=tuple(_listed(program, block, form, location)))
        elif _is_absent(program, block, form):
            yield from _missing(program, decoding, location)


def _made_open(program: Program) -> Iterator[Finding]:
    """A reader of authlib that is made for tokens without a signature: `JsonWebToken(["HS256", "none"])`."""
    for call in program.sites.calls("authlib.jose.JsonWebToken", "authlib.jose.rfc7519.JsonWebToken"):
        argument = call.argument("algorithms", 0)
        if argument is None or program.is_test(call.block.module):
            continue
        if _allows(program, call.block, argument.form, "none"):
            place = Location(call.block.module.path, argument.span)
            yield RULE.finding(place, _NONE, severity="critical", symbol=call.block.symbol)


def _given(decoding: Decoding) -> tuple[Block, Form, Location] | None:
    """The algorithms as they are given; a `**` whose keys are not known may hold them."""
    block = decoding.call.block
    for given in decoding.given("algorithms", _POSITION.get(decoding.library)):
        return given if given[1][0] != "ellipsis" else None
    handed_on = [keys(decoding.program, block, form) for form in decoding.call.spread]
    if any(found is None or "algorithms" in found for found in handed_on):
        return block, ["ellipsis", decoding.call.form[1]], decoding.call.location
    return None


def _found(program: Program, decoding: Decoding) -> tuple[Decoding, tuple[Block, Form, Location]] | None:
    """The algorithms of a call and what gives them: itself, or a `functools.partial`, in another file perhaps."""
    argument, kept = (
        decoding.call.argument("algorithms", _POSITION.get(decoding.library)),
        prepared_for(program, decoding),
    )
    own = argument is None or decoding.call.gives(argument)
    found = ((one, _given(one)) for one in ((decoding, *kept) if own else (*kept, decoding)))
    return next(((one, given) for one, given in found if given is not None), None)


def _has_own_algorithm(program: Program, decoding: Decoding) -> bool:
    """Whether the key is one of a key set, which brings its algorithm (PyJWT 2.10, `PyJWS._verify_signature`)."""
    key = decoding.call.argument("key", 1)
    if decoding.library != "pyjwt" or key is None or program.versions.surely_below("pyjwt", (2, 10)):
        return False
    block, form = decoding.call.block, key.form
    made = [form]
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        made = [item[3] for item in block.scope.assignments(form[2]) if item[0] == "assign"]
    return bool(made) and all(
        item[0] == "call" and last_name(item[2]) in ("get_signing_key_from_jwt", "get_signing_key", "PyJWK")
        for item in made
    )


def _missing(program: Program, decoding: Decoding, location: Location) -> Iterator[Finding]:
    severity: Severity = "high"
    confidence: Confidence = "high"
    if decoding.library == "jose":
        message = (
            "`{}` of python-jose without algorithms takes any that suits the key: a token forged with another "
            "algorithm passes, so pin the one that signs"
        )
    elif decoding.library == "pyjwt":
        new = program.versions.surely_at_least("pyjwt", (2, 0))
        old = program.versions.surely_below("pyjwt", (2, 0))
        severity, confidence = ("medium", "medium") if new else ("high", "high") if old else ("high", "medium")
        message = (
            "`{}` without algorithms fails on every token"
            if new
            else "`{}` without algorithms takes whatever the token says in PyJWT 1 and fails on every token in PyJWT 2"
        ) + ": pin the algorithm that signs"
    else:
        return
    yield _finding(program, decoding, location, message.format(decoding.spoken), severity, confidence)


def _finding(
    program: Program, decoding: Decoding, location: Location, message: str, severity: Severity, confidence: Confidence
) -> Finding:
    return RULE.finding(
        location,
        message,
        severity=severity,
        confidence=confidence,
        symbol=decoding.call.block.symbol,
        fix=pinned(program, decoding) or (_without_none(program, decoding) if message == _NONE else None),
    )


def _without_none(program: Program, decoding: Decoding) -> Fix | None:
    """The list of names, wherever it is written, without `none`."""
    given = _given(decoding)
    if given is None:
        return None
    for option in options(ask(program, given[0], given[1])):
        known = option.default if isinstance(option, Environment) else option
        place = known.place if isinstance(known, Collection) else None
        for block in blocks_of(program, place.module) if place is not None else ():
            for form in block.forms.of("list", "tuple"):
                none = [number for number, item in enumerate(form[2]) if str(item[-1]).lower() == "none"]
                if place is not None and form[1] == place.at and len(none) == 1 and len(form[2]) > 1:
                    edit = RemoveListItem(place.module.path, span_of(form[1]), none[0])
                    return Fix("take `none` out of the list of algorithms", True, (edit,))
    return None


def _is_absent(program: Program, block: Block, form: Form) -> bool:
    """Whether the list is None, or holds every algorithm there is."""
    found = [_value(origin) for origin in origins(program, block, form)]
    match form:
        case ["call", _, ["name", _, "list" | "tuple" | "set" | "sorted"], [inner], []]:
            return _is_absent(program, block, inner)
        case ["const", _, value]:
            return value is None
    return bool(found) and all(_is_nothing(value) or _is_all(program, value) for value in found)


def _value(origin: Origin) -> Value | None:
    """What an expression is, a written None as well."""
    return NONE if origin.value is None and origin.form[0] == "const" and origin.form[2] is None else origin.value


def _is_all(program: Program, value: Value | None) -> bool:
    """Whether a list was made of every algorithm there is, elsewhere: `algorithms = list(get_default_algorithms())`."""
    if not isinstance(value, Collection) or value.items or value.place is None:
        return False
    for block in blocks_of(program, value.place.module):
        for form in block.forms.of("call"):
            if form[1] == value.place.at:
                return _is_absent(program, block, form)
    return False


def _is_nothing(value: Value | None) -> bool:
    if isinstance(value, External):
        return value.name.endswith(_ALL) or f".{_DEFAULTS}()" in value.name
    return isinstance(value, Const) and value.value is None


def _allows(program: Program, block: Block, form: Form, name: str) -> bool:
    """Whether an algorithm of this name is in a list, by any of the ways the list is written."""
    return any(_holds(option, name) for option in options(ask(program, block, form)))


def _listed(program: Program, block: Block, form: Form, location: Location) -> Iterator[Evidence]:
    """Where a list with `none` in it is written, when that is another place."""
    for option in options(ask(program, block, form)):
        place = option.place if isinstance(option, Collection | Environment) and _holds(option, "none") else None
        if place is not None and (place.location.path, place.line) != (location.path, location.span.line):
            yield Evidence(place.location, "`none` is among them here")


def _holds(value: Value, name: str) -> bool:
    if isinstance(value, Environment):
        return value.default is not None and any(_holds(option, name) for option in options(value.default))
    if isinstance(value, Const):
        return isinstance(value.value, str) and value.value.lower() == name
    if isinstance(value, Collection):
        return any(_holds(option, name) for item in value.items for option in options(item))
    return False
