"""FSL201: a password is kept or compared as it was typed, so that whoever reads the database has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.rule import Confidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.entries import accounts_of
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.passwords.fixes import MASKED_UNTIL_VERIFIED, hashed, hashed_field, hashed_whole, verified
from fastapi_seclint.subjects.passwords.followed import Passwords, passwords
from fastapi_seclint.subjects.passwords.found_by import found_by_column, found_by_name, is_column
from fastapi_seclint.subjects.passwords.padded import unpadded
from fastapi_seclint.subjects.passwords.plain_comparison import comparisons
from fastapi_seclint.subjects.passwords.plain_storage import kept
from fastapi_seclint.subjects.passwords.put_away import put_away
from fastapi_seclint.subjects.passwords.rehearsed import seen_in_rehearsals
from fastapi_seclint.subjects.passwords.replaced import told_hashed
from fastapi_seclint.subjects.passwords.seeds import seeds
from fastapi_seclint.subjects.passwords.shams import sham_tests, shams, used_where_found
from fastapi_seclint.subjects.passwords.unfollowed import writes_unfollowed
from fastapi_seclint.subjects.passwords.whole_bodies import Kept

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL201",
    name="plaintext-password",
    summary="passwords are kept or compared as they were typed",
    severity="critical",
    cwe=(256, 522),
    owasp=("API2",),
    guide="2",
    fixable="unsafe",
)

_KEPT = (
    "the password is kept as it was typed: whoever reads the database or a backup of it can log in as every user, "
    "here and wherever the password was used again; keep `hash_password(...)` of it"
)
_COMPARED = (
    "the password is compared as it was typed, so the database holds it in the clear for everybody who gets a copy: "
    "keep a hash of it, and compare with `verify_password(...)`"
)


@RULE.check
def plaintext_password(program: Program) -> Iterator[Finding]:
    """One finding a place that keeps or compares a request's password unhashed."""
    seen: set[Location] = set()
    known = passwords(program)
    hollow = list(shams(known))
    tests = [*comparisons(known), *(sham_tests(known) if hollow else ())]
    compared = [(item, _fix(known, item, False)) for item in tests]
    found = [*kept(known), *hollow]
    found += put_away(known, [item for item, _ in compared])
    stored = [(item, _fix(known, item, True)) for item in found]
    places = [(item, _KEPT, fix) for item, fix in stored] + [(item, _COMPARED, fix) for item, fix in compared]
    others = [item for item, _, _ in places if item not in hollow] if len(found) > len(hollow) else []
    apart = [item for item in hollow if item.form[0] == "fstr" and used_where_found(known, item, others)]
    needed = [fix for item, _, fix in places if item not in apart and not told_hashed(item.block, item.at)]
    judged = {(item.block.module.file, item.block.number) for item, _, _ in places}
    rehearsed = [one for one in seen_in_rehearsals(program) if one.kind in ("kept", "compared")]
    rehearsed = [one for one in rehearsed if not judged & one.ran]
    mended = all(fix is not None for fix in needed)
    if not mended or rehearsed or (compared and places and writes_unfollowed(known, found)):
        # who is hashed has to be let in by what is compared, and the other way round
        places = [(item, message, None) for item, message, _ in places]
    elif compared and found:
        places = _all_or_none(places)
    for item, message, fix in places:
        location = item.block.location(item.at)
        if location in seen or for_trying(program, item.block.module):
            continue
        if message is _COMPARED or not told_hashed(item.block, item.at):
            seen.add(location)
            confidence: Confidence = "high" if item.sure else "medium"
            yield RULE.finding(
                location, message, symbol=item.block.symbol, confidence=confidence, fix=fix, masks=MASKED_UNTIL_VERIFIED
            )
    for one in rehearsed:
        location = one.block.location(one.form)
        if location not in seen:
            seen.add(location)
            message = _COMPARED if one.kind == "compared" else _KEPT
            yield RULE.finding(location, message, symbol=one.block.symbol, confidence="medium")


def _all_or_none(places: list[tuple[Kept, str, Fix | None]]) -> list[tuple[Kept, str, Fix | None]]:
    """Places with fixes that each mend all of them: a login that verifies lets nobody in whom nobody has hashed."""
    edits = tuple(dict.fromkeys(edit for _, _, fix in places if fix is not None for edit in fix.edits))
    return [(item, message, fix and replace(fix, edits=edits)) for item, message, fix in places]


def _is_written(known: Passwords, accounts: Form) -> bool:
    """Whether a request's password is put into these accounts, which the other finding's fix hashes."""
    for block in known.blocks:
        for form in block.forms.of("assign"):
            written = [target[2] for target in form[2] if target[0] == "sub"]
            if any(spelled(owner) == spelled(accounts) for owner in written) and known.text(block, form[3]) is not None:
                return True
    return False


def _fix(known: Passwords, item: Kept, stays: bool) -> Fix | None:
    if item.handed or known.requests.is_of_any_model(item.block, item.form):
        return None
    if item.stored is not None and is_column(known, item.block, item.stored):
        return found_by_column(known, item.block, _at(known, item), item.form, item.stored)
    if item.stored is not None:
        accounts = accounts_of(item.stored)
        if accounts is not None and not _is_written(known, accounts):
            return None  # nobody has hashed what is in there
        written = seeds(known, item.block, item.stored)
        if written is None:
            return None
        fix = verified(known, item.block, _at(known, item), item.form, item.stored, item.optional)
        return fix and replace(fix, edits=tuple(dict.fromkeys((*fix.edits, *written))))
    if item.form[0] == "fstr" and any(form[2] is item.form for form in item.block.forms.of("return")):
        return None  # what it gives is compared elsewhere, as only two equal texts can be
    if item.key:
        return hashed_field(known, item.block, item.form, item.key, item.field)
    if item.field:
        return hashed_whole(known, item.block, item.form, item.field, item.optional)
    if not stays:
        return found_by_name(known, item.block, _at(known, item), item.form, item.form)
    text = item.form[0] == "call" and known.text(item.block, item.form) is not None
    text = text or unpadded(known, item.block, item.form) is not None
    return hashed(known, item.block, item.form) if text or item.form[0] in ("name", "attr", "sub") else None


def _at(known: Passwords, item: Kept) -> Form:
    """The comparison or call that a place is, not the statement that is nothing else."""
    return next(form for form in known.forms(item.block) if form[1] == item.at and form[0] != "expr")
