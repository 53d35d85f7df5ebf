"""FSL202: a password goes through a fast digest, which a graphics card tries out by the thousand million a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.sql import hashed_there, written_out
from fastapi_seclint.subjects.passwords.digesting import digested
from fastapi_seclint.subjects.passwords.digests import algorithm, harmless
from fastapi_seclint.subjects.passwords.fixes import MASKED_UNTIL_VERIFIED
from fastapi_seclint.subjects.passwords.followed import Passwords, passwords
from fastapi_seclint.subjects.passwords.rehearsed import seen_in_rehearsals
from fastapi_seclint.subjects.passwords.slowing import slowed
from fastapi_seclint.subjects.passwords.stages import Text
from fastapi_seclint.subjects.secrets.stored_keys import RUNNING

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL202",
    name="fast-password-hash",
    summary="passwords go through a fast digest such as SHA-256",
    severity="high",
    cwe=(916, 328),
    owasp=("API2",),
    guide="2",
    fixable="unsafe",
)
_MESSAGE = (
    "a password goes through {name}: whoever reads the database tries thousands of millions of passwords a "
    "second; use a slow, salted password hasher (argon2 or bcrypt)"
)


@RULE.check
def fast_password_hash(program: Program) -> Iterator[Finding]:
    """A finding on the digest, or on the call that gives a password to a function that digests anything."""
    known = passwords(program)
    seen: set[Location] = set()
    found = list(digested(known))
    for block, text in found:
        finding = _finding(known, block, text, [other for _, other in found])
        if finding.location not in seen:
            seen.add(finding.location)
            yield finding
    yield from _in_databases(known)
    judged = {(block.module.file, block.number) for block, _ in found}
    judged |= {(text.block.module.file, text.block.number) for _, text in found}
    for one in (item for item in seen_in_rehearsals(program) if item.kind == "fast"):
        location = one.block.location(one.form)
        spared = harmless(known, one.block, Text("digest", one.block, one.form))
        if not spared and not judged & one.ran and location not in seen:
            seen.add(location)
            message = _MESSAGE.format(name=last_name(one.form[2]))
            yield RULE.finding(location, message, symbol=one.block.symbol, confidence="medium")


def _in_databases(known: Passwords) -> Iterator[Finding]:
    """A finding on each statement of SQL whose database digests a password: `md5(:password)`."""
    for block in known.blocks:
        for call in block.forms.of("call"):
            if call[2][0] != "attr" or call[2][3] not in RUNNING:
                continue
            for name, value in hashed_there(written_out(known.program, block, call)):
                text = known.text(block, value) if name != "crypt" else None
                if text is not None and text.kind == "plain":
                    message = _MESSAGE.format(name=f"the database's {name}()")
                    yield RULE.finding(block.location(call), message, symbol=block.symbol, confidence="medium")
                    break


def _block_of(known: Passwords, block: Block, call: Form) -> Block:
    """Where a call stands: in a function that another one leaves its work to, it is that one's."""
    inside = (other for other in (block, *known.blocks) if any(item is call for item in other.forms.of("call")))
    return next(inside, block)


def _finding(known: Passwords, block: Block, text: Text, texts: list[Text]) -> Finding:
    name = algorithm(known, text)
    evidence = []
    place = text.block.location(text.form)
    if text.through is not None:
        evidence.append(Evidence(place, "it is digested here"))
        block = _block_of(known, block, text.through)
        place = block.location(text.through)
    message = _MESSAGE.format(name=name)
    symbol = (block if text.through is not None else text.block).symbol
    return RULE.finding(
        place,
        message,
        symbol=symbol,
        confidence="high" if text.sure else "medium",
        evidence=evidence,
        fix=slowed(known, [other for other in texts if other.block.module is text.block.module]),
        masks=MASKED_UNTIL_VERIFIED,
    )
