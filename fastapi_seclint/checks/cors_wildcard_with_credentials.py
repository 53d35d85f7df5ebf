"""FSL601: every website is allowed to read this API's responses with the visitor's cookies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.checks._cors import Cors, configurations
from fastapi_seclint.checks._development import holds, only_in_development
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Collection, Const, Environment, Place, Value, options, settled
from fastapi_seclint.rule import Confidence, Evidence, Finding, Rule

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
)

_MESSAGE = (
    'with `"*"` and credentials Starlette echoes the origin that asks, so any website can use this API as the visitor '
    "who is logged in and read the answers: list the origins that may, or drop allow_credentials"
)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A `"*"` among the origins: where it is written and what it depends on."""

    place: Place | None
    setting: str
    certain: bool


@RULE.check
def cors_wildcard_with_credentials(program: Program) -> Iterator[Finding]:
    """One finding for each CORSMiddleware whose origins may hold `"*"` while credentials are surely on."""
    for cors in configurations(program):
        found = _mistake(cors)
        if found is None or _refused(cors) or only_in_development(cors.place):
            continue
        wildcard, credentials = found
        yield RULE.finding(
            cors.origins.location,
            _MESSAGE,
            confidence=_confidence(wildcard),
            symbol=cors.block.symbol,
            evidence=_evidence(cors, wildcard, credentials),
        )


def _mistake(cors: Cors) -> tuple[Wildcard, Value] | None:
    for origins, credentials in cors.worlds:
        if credentials is None or not _surely_on(credentials):
            continue
        for wildcard in _wildcards(origins):
            if wildcard.place is None or not only_in_development(wildcard.place):
                return wildcard, credentials
    return None


def _surely_on(credentials: Value) -> bool:
    known = list(settled(credentials))
    return bool(known) and all(isinstance(option, Const) and bool(option.value) for option in known)


def _wildcards(origins: Value | None) -> Iterator[Wildcard]:
    whole = list(options(origins))
    for option in whole:
        setting = option.name if isinstance(option, Environment) else ""
        for known in settled(option):
            items = known.items if isinstance(known, Collection) else [known]
            for item in (one for each in items for one in settled(each)):
                if isinstance(item, Const) and _is_wildcard(item.value, bare=not isinstance(known, Collection)):
                    yield Wildcard(item.place or getattr(known, "place", None), setting, len(whole) == 1)


def _is_wildcard(value: object, *, bare: bool) -> bool:
    if not isinstance(value, str):
        return False
    return "*" in [part.strip() for part in value.split(",")] if bare else value == "*"


def _confidence(wildcard: Wildcard) -> Confidence:
    return "high" if wildcard.certain and not wildcard.setting.startswith("parameter ") else "medium"


def _refused(cors: Cors) -> bool:
    """Whether the code around asks for `"*"` and then changes what is passed, goes away, or takes another branch."""
    names = {form[2] for form in walk([cors.origins.form, cors.credentials.form]) if form[0] == "name"}
    for form in walk(cors.block.statements):
        if form[0] != "if" or not (operators := _asks_for_wildcard(form[2])):
            continue
        absent = bool(operators & {"not in", "!="})
        safe, unsafe = (form[3], form[4]) if absent else (form[4], form[3])
        if any(holds(item[1], cors.place.at) for item in safe):
            return True
        if any(holds(item[1], cors.place.at) for item in unsafe):
            continue
        if any(_leaves(item) or _assigns(item, names) for item in walk(unsafe)):
            return True
    return False


def _asks_for_wildcard(test: Form) -> set[str]:
    found: set[str] = set()
    for form in walk(test):
        if form[0] == "compare" and any(item[0] == "const" and item[2] == "*" for item in walk([form[2], *form[4]])):
            found.update(form[3])
    return found


def _leaves(form: Form) -> bool:
    return form[0] in ("raise", "return")


def _assigns(form: Form, names: set[str]) -> bool:
    targets = form[2] if form[0] == "assign" else [form[2]] if form[0] == "annassign" else []
    return any(target[0] == "name" and target[2] in names for target in targets)


def _evidence(cors: Cors, wildcard: Wildcard, credentials: Value) -> Iterator[Evidence]:
    place = wildcard.place
    if place is not None and not _within(cors, place):
        name = wildcard.setting
        what = f"what `{name}` is when nothing is configured" if name else "among the origins"
        yield Evidence(place.location, f'`"*"` is {what}')
    yield Evidence(cors.credentials.location, "credentials are allowed here")


def _within(cors: Cors, place: Place) -> bool:
    span, outer = place.location, cors.origins.location
    return span.path == outer.path and outer.span.line <= span.span.line <= outer.span.end_line
