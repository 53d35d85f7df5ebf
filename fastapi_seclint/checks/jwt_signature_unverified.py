"""FSL301: the claims of a token are read without checking who signed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, options
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.items import ARRIVED, Item
from fastapi_seclint.subjects.code.origins import Origin, ask, origins
from fastapi_seclint.subjects.code.told import by_others
from fastapi_seclint.subjects.code.trials import for_trying, when_run
from fastapi_seclint.subjects.tokens.fetched import source_of
from fastapi_seclint.subjects.tokens.hand_decoding import checks_by_hand, decoded_by_hand, decoded_by_helper
from fastapi_seclint.subjects.tokens.hand_decoding_fixes import verified_payload
from fastapi_seclint.subjects.tokens.jwt import (
    Decoding,
    decodings,
    maker_uses,
    path_and_span,
    prepared,
    prepared_uses,
    says,
)
from fastapi_seclint.subjects.tokens.objects import taken_apart
from fastapi_seclint.subjects.tokens.unverified import is_harmless, readers, token_read, unchecked_signatures
from fastapi_seclint.subjects.tokens.verifying import (
    checked_argument,
    checked_by_others,
    verified_call,
    verified_reader,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL301",
    name="jwt-signature-unverified",
    summary="a token that anybody can write is believed",
    severity="critical",
    cwe=(347,),
    owasp=("API2",),
    guide="3",
    fixable="unsafe",
)

_MASKED = (
    "jwt-expiry-unverified",
    "jwt-algorithms-missing",
    "jwt-type-unchecked",
    "jwt-subject-unchecked",
    *BEHIND_AUTHENTICATION,
)
_HARM = "anybody writes a token with any user in it and is believed"
_BETWEEN = "whoever gets between this program and the provider writes a token with any user in it"


@RULE.check
def jwt_signature_unverified(program: Program) -> Iterator[Finding]:
    """One finding for each place that switches the check off, or reads claims in a way that has none."""
    found: dict[Location, Finding] = {}
    for finding in (*_decodings(program), *_readers(program), *_by_hand(program)):
        known = found.get(finding.location)
        if known is None or (known.persona != "regular" and finding.persona == "regular"):
            found[finding.location] = finding
    yield from found.values()


def _decodings(program: Program) -> Iterator[Finding]:
    for decoding in prepared(program):
        uses = prepared_uses(program, decoding, "options")
        used = [(block, form) for block, form in uses if not program.is_test(block.module)]
        trial = _is_trial(program, decoding.call.block.module)
        if used and not trial and not all(is_harmless(program, block, form) for block, form in used):
            yield from _switched_off(program, decoding)
    for decoding in decodings(program):
        block = decoding.call.block
        if (
            _is_trial(program, block.module)
            or when_run(block, decoding.call.form)
            or (not decoding.maker and is_harmless(program, block, decoding.call.form))
            or (decoding.maker and _only_peeks(program, decoding))
        ):
            continue
        off = [*_switched_off(program, decoding), *_old_keyword(program, decoding)]
        yield from off or _with_nothing(program, decoding)


def _only_peeks(program: Program, decoding: Decoding) -> bool:
    """Whether all that an object reads is looked at only, as the issuer is by which the key is chosen."""
    uses = list(maker_uses(program, decoding))
    return bool(uses) and all(is_harmless(program, block, form) for block, form in uses)


def _switched_off(program: Program, decoding: Decoding) -> Iterator[Finding]:
    for item in decoding.options("verify_signature"):
        for origin in origins(program, item.block, item.form):
            how = says(origin, False)
            if how is not None and not _is_peeking(program, item, origin):
                yield _off(program, decoding, item, origin, "high" if how == "surely" else "medium")


def _with_nothing(program: Program, decoding: Decoding) -> Iterator[Finding]:
    """A key with nothing in it, `jwt.decode(token, "", algorithms=["HS256"])`, which is everybody's.

    Or a name that never holds anything else: `SECRET = ""`.
    """
    key = decoding.call.argument("key", 1)
    asked = decoding.call.argument("algorithms", 2)
    if key is None or asked is None or key.form[0] not in ("const", "name", "attr"):
        return
    held = list(options(ask(program, decoding.call.block, key.form)))
    if not held or not all(isinstance(option, Const) and option.value == "" for option in held):
        return
    if decoding.call.argument("options", 3) is not None or decoding.call.argument("verify", 3) is not None:
        return
    block = decoding.call.block
    yield RULE.finding(
        block.location(key.form),
        f"the key is empty, so {_HARM}: verify with the key that signs",
        symbol=block.symbol,
        masks=_MASKED,
    )


def _is_trial(program: Program, module: Module) -> bool:
    """Whether a file is a test, or a test in an odd place."""
    return program.is_test(module) or for_trying(program, module)


def _is_peeking(program: Program, item: Item, origin: Origin) -> bool:
    """Whether the caller that switches the check off only peeks, or verifies as well."""
    arrived = item.holder if item.container[0] == ARRIVED else None
    holder = origin.holder if origin.passed is not None else arrived
    if holder is None:
        return False
    return program.is_test(holder.block.module) or is_harmless(program, holder.block, holder.form)


def _off(program: Program, decoding: Decoding, item: Item, origin: Origin, confidence: Confidence) -> Finding:
    block, place = item.block, Location(item.block.module.path, item.span)
    evidence = []
    if (origin.passed is not None and origin.holder is not None) or by_others(block, item.form, origin):
        block, place = origin.block, path_and_span(origin)
        evidence.append(Evidence(Location(item.block.module.path, item.span), "the check depends on it here"))
    elif origin.elsewhere:
        evidence.append(Evidence(path_and_span(origin), "the value is written here"))
    if not decoding.contains(place):
        evidence.append(Evidence(decoding.call.location, f"`{decoding.spoken}` gets it here"))
    own = _is_fetched(program, decoding.call.block, decoding.call.form)
    return RULE.finding(
        place,
        f"with the signature check off {_BETWEEN if own else _HARM}: leave `verify_signature` on and give the key and "
        "the algorithm",
        severity="medium" if own else None,
        confidence="medium" if own else confidence,
        persona="pedantic" if own else None,
        symbol=block.symbol,
        evidence=evidence,
        fix=_fix(decoding, item, origin),
        masks=_MASKED,
    )


def _fix(decoding: Decoding, item: Item, origin: Origin) -> Fix | None:
    if origin.passed is not None:
        return checked_argument(origin)
    if item.container[0] == ARRIVED:
        return checked_by_others(origin) if _is_complete(decoding) and not item.shared else None
    if by_others(item.block, item.form, origin):
        return checked_by_others(origin) if _is_complete(decoding) else None
    inside = decoding.contains(Location(item.block.module.path, item.span))
    return verified_call(decoding, item) if inside or _is_complete(decoding) else None


def _is_complete(decoding: Decoding) -> bool:
    """Whether a call has a key and algorithms, so that switching the check on is all there is to do."""
    key = decoding.call.argument("key", 1)
    given = key is not None and (key.form[0] != "const" or bool(key.form[2]))
    return given and decoding.call.argument("algorithms", 2) is not None


def _old_keyword(program: Program, decoding: Decoding) -> Iterator[Finding]:
    """`verify=False`: PyJWT 1 obeys it, PyJWT 2 does not (and says so in a warning)."""
    if decoding.library != "pyjwt" or decoding.maker or program.versions.surely_at_least("pyjwt", (2, 0)):
        return
    argument = decoding.call.argument("verify", 2)
    if argument is None:
        return
    if any(says(origin, False) == "surely" for origin in origins(program, decoding.call.block, argument.form)):
        old = program.versions.surely_below("pyjwt", (2, 0))
        yield RULE.finding(
            Location(decoding.call.block.module.path, argument.span),
            f"with `verify=False` PyJWT 1 checks no signature and {_HARM}: drop it and pin the algorithm",
            confidence="high" if old else "medium",
            symbol=decoding.call.block.symbol,
            fix=verified_call(decoding, None),
            masks=_MASKED,
        )


def _readers(program: Program) -> Iterator[Finding]:
    for call in (*readers(program), *unchecked_signatures(program), *taken_apart(program)):
        if _is_trial(program, call.block.module) or is_harmless(program, call.block, call.form):
            continue
        own = _is_fetched(program, call.block, call.form)
        yield RULE.finding(
            call.location,
            f"`{call.form[2][-1]}` checks no signature, so {_BETWEEN if own else _HARM}: read the token with a call "
            "that verifies it",
            severity="medium" if own else None,
            persona="pedantic" if own else None,
            symbol=call.block.symbol,
            fix=None if call.name.startswith("jwcrypto.") else verified_reader(program, call),
            masks=_MASKED,
        )


def _by_hand(program: Program) -> Iterator[Finding]:
    for block, form in (*decoded_by_hand(program), *decoded_by_helper(program)):
        if not _is_trial(program, block.module) and not checks_by_hand(block) and not _peeks(program, block, form):
            own = _is_fetched(program, block, form)
            yield RULE.finding(
                Location(block.module.path, span_of(form[1])),
                f"a payload that is decoded by hand is not verified: {_BETWEEN if own else _HARM}, so read it with the "
                "library and its key",
                severity="medium" if own else None,
                confidence="medium",
                persona="pedantic" if own else None,
                symbol=block.symbol,
                fix=verified_payload(program, block, form),
                masks=_MASKED,
            )


def _is_fetched(program: Program, block: Block, call: Form) -> bool:
    """Whether the token that a call reads is one that the program has just asked a provider for."""
    source = source_of(program, block, token_read(block, call))
    return source is not None and source.kind == "fetched"


def _peeks(program: Program, block: Block, form: Form) -> bool:
    return is_harmless(program, block, form)
