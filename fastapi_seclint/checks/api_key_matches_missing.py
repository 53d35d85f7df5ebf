"""FSL703: a caller who sends no key is let in where none is configured, or one who sends a piece of a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Environment, Place, Value, options
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.secrets.comparison_fixes import constant_time
from fastapi_seclint.subjects.secrets.comparisons import Comparison, comparisons
from fastapi_seclint.subjects.secrets.lent import given_for
from fastapi_seclint.subjects.secrets.presence import (
    NEVER,
    Missing,
    is_text,
    missing_of_sent,
    missing_of_setting,
    missing_of_value,
)
from fastapi_seclint.subjects.secrets.refusals import asked, asks_for, needed_to_start, refuses_short, truths
from fastapi_seclint.subjects.secrets.sent import core
from fastapi_seclint.subjects.secrets.splitting import splits_nothing

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL703",
    name="api-key-matches-missing",
    summary="a caller without a key is let in where no key is configured",
    severity="critical",
    cwe=(287, 1188),
    owasp=("API2",),
    guide="7",
    fixable="safe",
)

_SPLIT = (
    'an empty setting splits into `[""]`, which an empty key is in, so anybody gets in where none is '
    "configured: drop empty keys, and refuse to start without any"
)
_UNSET = (
    "a caller who sends nothing matches a setting that is not there, so anybody gets in where it is missing: "
    "require both, read the setting with `os.environ[...]` and refuse an empty key"
)


@RULE.check
def api_key_matches_missing(program: Program) -> Iterator[Finding]:
    """One finding for each comparison that nothing at all, or a piece of a key, passes."""
    for item in comparisons(program):
        message = _mistake(program, item)
        if message and not only_in_development(Place(item.block.module, item.form[1])):
            edits = constant_time(program, item, present=True)
            yield RULE.finding(
                item.block.location(item.form),
                message,
                confidence="high",
                symbol=item.block.symbol,
                evidence=_evidence(item),
                fix=Fix("require a key on both sides", True, edits) if edits else None,
                masks=("api-key-compared-unsafely",),
            )


def _mistake(program: Program, item: Comparison) -> str:
    if item.operator in ("in", "not in"):
        return _of_several(program, item)
    if _compares_text_of_none(program, item):
        return (
            "where the setting is missing the text `None` is what a caller has to send: "
            "read it with `os.environ[...]`, so that the program does not start without it"
        )
    sent = _sent(program, item)
    if "" in sent and _looped(program, item) and not _asked_before(program, item):
        return _SPLIT
    configured = _left(item.block, item.secret, missing_of_setting(program, item.block, item.secret))
    return _UNSET if sent & configured and not _demanded(program, item) else ""


def _sent(program: Program, item: Comparison) -> Missing:
    """What a caller may send for nothing, without what the function, or whoever hands it on, asks for before."""
    sent = missing_of_sent(program, item.block, item.given)
    if item.caller is not None and item.handed is not None:
        sent |= _left(item.caller, item.handed, missing_of_sent(program, item.caller, item.handed))
    elif not sent and isinstance(item.block.scope, FunctionScope):
        for block, value in given_for(program, item.block.scope.function, core(item.given)):
            sent |= _made_of(item.given, _left(block, value, missing_of_sent(program, block, value)))
    return _left(item.block, item.given, sent)


def _made_of(form: Form, missing: Missing) -> Missing:
    """What an expression makes of what its parameter may miss: an empty text of None in `(key or "").encode()`."""
    match form:
        case ["call", _, ["attr", _, inner, "encode" | "strip"], _, _]:
            return _made_of(inner, missing) - {None}
        case ["bool", _, "or", [inner, ["const", _, str() as text]]]:
            return frozenset({text}) if _made_of(inner, missing) else NEVER
    return missing


def _left(block: Block, form: Form, missing: Missing) -> Missing:
    """What may be missing after the tests of a block: `key is None` says nothing of an empty text."""
    name = name_of(core(form))
    found = [one for test in _tests(block) for one in asks_for(test) if one[0] == name] if missing and name else []
    if any(of_emptiness for _, of_emptiness in found):
        return NEVER
    return missing - {None} if found else missing


def _tests(block: Block) -> Iterator[Form]:
    """The conditions of a block, but for what a fallback stands behind: `key or ""`."""
    for form in block.forms.every:
        if form[0] in ("if", "ifexp"):
            yield form[2]
        elif form[0] == "bool" and not (form[2] == "or" and form[3][-1][0] == "const"):
            yield form


def _of_several(program: Program, item: Comparison) -> str:
    if is_text(program, item.block, item.secret, item.value):
        return (
            "the keys are one text, so every piece of it passes as a key, a single letter too: "
            "split it into a list and compare each key as a whole"
        )
    sent = missing_of_sent(program, item.block, item.given)
    if "" in sent and splits_nothing(program, item.value) and not _asked_before(program, item):
        return _SPLIT
    if sent & _missing_items(program, item.value) and not _asked_before(program, item):
        return _UNSET
    return ""


def _missing_items(program: Program, value: Value) -> Missing:
    """What the items of a list are where their settings are not there: `[os.getenv("KEY_A"), os.getenv("KEY_B")]`.

    A setting that the program asks for by its name is not missing unnoticed.
    """
    lists = [option for option in options(value) if isinstance(option, Collection)]
    every = [one for option in lists for item in option.items for one in options(item)]
    unasked = (one for one in every if not isinstance(one, Environment) or one.name.lower() not in asked(program))
    return frozenset(text for one in unasked for text in missing_of_value(one))


def _looped(program: Program, item: Comparison) -> bool:
    """Whether a key is compared with each part of a setting that may be empty: `for key in KEYS`."""
    secret = core(item.secret)
    return secret[0] == "name" and any(
        not conditions and splits_nothing(program, ask(program, item.block, iterable))
        for iterable, conditions in loops(item.block, secret[2])
    )


def _compares_text_of_none(program: Program, item: Comparison) -> bool:
    secret = core(item.secret)
    if _asked_before(program, item):
        return False
    if "None" in missing_of_setting(program, item.block, item.secret):
        return True
    if secret[0] != "fstr":
        return False
    parts = [part[2] for part in secret[2] if part[0] == "fmt"]
    return any(None in missing_of_setting(program, item.block, part) for part in parts)


def _asked_before(program: Program, item: Comparison) -> bool:
    """Whether the function asks whether the key was sent or configured, or the program whether it is configured."""
    wanted = {name_of(core(item.given)), name_of(core(item.secret))} - {""}
    secret = core(item.secret)
    if secret[0] == "fstr":
        wanted |= {name_of(part[2]) for part in secret[2] if part[0] == "fmt"}
    if any(name in wanted for test in _tests(item.block) if test is not item.form for name in truths(test)):
        return True
    return _demanded(program, item)


def _demanded(program: Program, item: Comparison) -> bool:
    """Whether the program asks anywhere whether the key is configured."""
    name = name_of(core(item.secret)).lower()
    if name and (name in asked(program) or refuses_short(program, name)):
        return True
    read = (option.name for option in options(item.value) if isinstance(option, Environment))
    return any(name.lower() in needed_to_start(program) for name in read)


def _evidence(item: Comparison) -> Iterator[Evidence]:
    for option in options(item.value):
        if isinstance(option, Environment) and option.place is not None:
            location = option.place.location
            if (
                location.span.line != item.block.location(item.form).span.line
                or location.path != item.block.module.path
            ):
                yield Evidence(location, f"`{option.name}` is read here")
