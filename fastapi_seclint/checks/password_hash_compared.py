"""FSL203: hashes of passwords are compared with `==`, which never matches a salted hash and leaks time of any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import RemoveStatement
from fastapi_seclint.facts.forms import Form, arguments, is_name, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.rule import Confidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.sql import met, written_out
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print
from fastapi_seclint.subjects.passwords.comparing import plain_in, typed
from fastapi_seclint.subjects.passwords.digesting import digested
from fastapi_seclint.subjects.passwords.digests import harmless
from fastapi_seclint.subjects.passwords.fixes import MASKED_UNTIL_VERIFIED, in_constant_time, verified
from fastapi_seclint.subjects.passwords.followed import Passwords, passwords
from fastapi_seclint.subjects.passwords.found_by import QUERIES, criteria, found_by_column, found_by_name, is_column
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.plain_comparison import pairs
from fastapi_seclint.subjects.passwords.slowing import slowed
from fastapi_seclint.subjects.passwords.stages import Text
from fastapi_seclint.subjects.secrets.pairs import pairs as parts_compared

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL203",
    name="password-hash-compared",
    summary="hashes of passwords are compared with == in place of being verified",
    severity="high",
    cwe=(208, 916),
    owasp=("API2",),
    guide="2",
    fixable="unsafe",
)

_SALTED = (
    "a salted hash comes out different each time, so this comparison never holds, and whoever repairs it by taking the "
    "salt away makes all hashes guessable: ask the hasher with `verify_password(plain, hashed)`"
)
_DIGEST = (
    "`==` takes longer the more of the hash is right, and what can be compared at all has no salt that differs: "
    "keep a slow, salted hash and ask the hasher with `verify_password(plain, hashed)`"
)
_RECOMPUTED = (
    "`==` takes longer the more of the hash is right, which a patient attacker measures: let the hasher verify, "
    "or compare with `secrets.compare_digest(...)`"
)

_ASKED = (
    "a hash that a query can ask for has no salt of its own, so equal passwords are equal rows, cracked at once: "
    "look up the user by name, and ask the hasher with `verify_password(plain, hashed)`"
)
_LOOKS = frozenset({"len", "type", "repr", "str", "bool", "isinstance"})


@RULE.check
def password_hash_compared(program: Program) -> Iterator[Finding]:
    """One finding a comparison of which one side is a hash that was just made of a password."""
    known = passwords(program)
    for block, form, left, right in (*pairs(known), *_parts(known)):
        if any(side[0] == "const" and not side[2] for side in (left, right)):
            continue  # whether there is any
        text = _hashed(known, block, left) or _hashed(known, block, right)
        again = text is not None and _is_recomputed(text)
        if text is None or (form[0] == "call" and (again or text.kind == "digest" or not text.sure)):
            continue
        message = _RECOMPUTED if again else _SALTED if text.kind == "hash" else _DIGEST
        confidence: Confidence = "high" if text.sure or text.kind == "digest" else "medium"
        fix = _fix(known, block, form, left, right, text)
        yield RULE.finding(
            block.location(form), message, symbol=block.symbol, confidence=confidence, fix=fix,
            masks=MASKED_UNTIL_VERIFIED,
        )  # fmt: skip
    for block, call, text, asked in (*_asked_for(known), *_sought_among(known)):
        message = _SALTED if text.kind == "hash" and not _is_recomputed(text) else _ASKED
        fix = _found(known, block, call, text, asked) if asked is not None else None
        yield RULE.finding(block.location(call), message, symbol=block.symbol, confidence="medium", fix=fix)


def _found(known: Passwords, block: Block, call: Form, text: Text, asked: Form) -> Fix | None:
    """The fix of a query that asks for a hash: the rest of it finds the account, whose password is verified."""
    if text.kind == "digest":
        return slowed(known, [other for _, other in digested(known) if other.block.module is text.block.module])
    plain = typed(known, block, text) if asked[0] == "call" else None
    return found_by_name(known, block, call, asked, plain) if plain is not None else None


def _parts(known: Passwords) -> Iterator[tuple[Block, Form, Form, Form]]:
    """The comparisons of objects that are equal by their fields, one field after the other."""
    for block in known.blocks:
        for form in block.forms.of("compare"):
            yield from ((block, form, left, right) for _, left, right in parts_compared(block, form))


def _sought_among(known: Passwords) -> Iterator[tuple[Block, Form, Text, None]]:
    """Hashes that are looked for among stored ones: `derive(password) in self.digests`."""
    for block in known.blocks:
        for form in block.forms.of("compare"):
            match form:
                case ["compare", _, left, ["in" | "not in"], [["name" | "attr" | "call" | "comp", *_]]]:
                    text = _hashed(known, block, left)
                    if text is not None and text.kind == "hash":
                        yield block, form, text, None


def _asked_for(known: Passwords) -> Iterator[tuple[Block, Form, Text, Form]]:
    """Queries for the row that has a hash: `find_one({"password_hash": hash_password(plain)})`, or SQL."""
    for block in known.blocks:
        for call in block.forms.of("call"):
            asked = [item for item in met(written_out(known.program, block, call)) if not item.written]
            if call[2][0] != "attr" or not (asked or call[2][3] in QUERIES):
                continue
            given = [(item.column, item.value) for item in asked]
            for name, value in (*given, *criteria(call)):
                text = _hashed(known, block, value) if naming(name) else None
                if text is not None:
                    yield block, call, text, value
                    break


def _fix(known: Passwords, block: Block, form: Form, left: Form, right: Form, text: Text) -> Fix | None:
    """Verify, where the hash is made in the comparison; compare in constant time where its salt is the stored one."""
    if form[0] == "compare" and form[1] == form[4][0][1]:
        return None  # the pattern of a `case`
    if form[0] == "compare" and not any(side is left or side is right for side in (form[2], form[4][0])):
        return None  # objects, which are equal by all of their fields
    if _is_recomputed(text):
        return in_constant_time(block, form, left, right)
    if text.kind == "digest":  # what is kept has to become a slow hash with it
        return slowed(known, [other for _, other in digested(known) if other.block.module is text.block.module])
    call = next((side for side in (left, right) if side[0] == "call" and _hashed(known, block, side) is not None), None)
    if call is None:
        return _named(known, block, form, left, right, text)
    plain = plain_in(known, block, text.through or text.form)
    stored = right if call is left else left
    if plain is not None and is_column(known, block, stored):
        return found_by_column(known, block, form, plain, stored)
    return verified(known, block, form, plain, stored) if plain is not None else None


def _named(known: Passwords, block: Block, form: Form, left: Form, right: Form, text: Text) -> Fix | None:
    """The same where the new hash has a name that nothing else reads: it goes."""
    name = next((side for side in (left, right) if side[0] == "name" and _hashed(known, block, side) is not None), None)
    plain = plain_in(known, block, text.through or text.form) if name is not None and text.form[0] == "call" else None
    gone = _given_once(block, name) if name is not None else None
    fix = verified(known, block, form, plain, right if name is left else left) if plain is not None and gone else None
    return replace(fix, edits=(*fix.edits, gone)) if fix is not None and gone is not None else None


def _given_once(block: Block, name: Form) -> RemoveStatement | None:
    """The edit that takes away the statement that makes a name, where only one place reads it."""
    made = [form for form in block.forms.of("assign") if any(item[2:] == name[2:] for item in walk(form[2]))]
    read = [form for form in block.forms.of("name") if form[2] == name[2] and form is not name]
    if len(made) != 1 or len(made[0][2]) != 1 or made[0][2][0][0] != "name" or len(read) != 1:
        return None
    return RemoveStatement(block.module.path, span_of(made[0][1]))


def _hashed(known: Passwords, block: Block, form: Form) -> Text | None:
    """The hash or digest of a password that an expression is, made in this very function."""
    if form[0] == "walrus":
        form = form[3]
    if form[0] not in ("call", "name", "await", "attr") and not (form[0] == "sub" and form[2][0] == "call"):
        return None
    if form[0] == "name" and _is_given_on(known, block, form):
        return None
    text = known.text(block, form)
    if form[0] == "attr" and (text is None or text.through is None):
        return None
    if text is not None and text.kind == "digest" and harmless(known, block, text):
        return None
    return text if text is not None and text.kind in ("hash", "digest") else None


def _names(assignment: Form, name: str) -> bool:
    targets = assignment[2] if assignment[0] == "assign" else [assignment[2]]
    return any(is_name(target, name) for target in targets)


def _is_given_on(known: Passwords, block: Block, name: Form) -> bool:
    """Whether a new hash was stored just before, so that the comparison asks whether that went well."""
    made = [form[1] for form in block.forms.of("assign", "annassign") if form[1] < name[1] and _names(form, name[2])]
    for form in block.forms.of("call"):
        since = not made or (made[-1] < form[1] and not holds(made[-1], form[1]))
        if since and form[1] < name[1] and not _only_looks(form):
            given = arguments(form)
            if any(item[0] == "name" and item[2] == name[2] for item in given):
                return True
    return False


def _only_looks(call: Form) -> bool:
    """Whether a call keeps nothing of what it is given: it prints, logs, or measures it."""
    return is_log_call(call) or is_print(call) or (call[2][0] == "name" and call[2][2] in _LOOKS)


def _gets_salt(call: Form) -> bool:
    """Whether a function of the project is told which salt to hash with: `hash_password(plain, salt=salt)`."""
    if any(form[0] in ("name", "attr", "sub") and words_of(name_of(form))[-1:] == ["salt"] for form in call[3]):
        return True
    return any(keyword == "salt" and _is_found(value) for keyword, value, _ in call[4])


def _is_found(salt: Form) -> bool:
    """Whether a salt is one that exists, and none that is made on the spot as `os.urandom(16)` is."""
    return salt[0] in ("name", "attr", "sub") or (salt[0] == "call" and any(item[0] != "const" for item in salt[3]))


def _is_recomputed(text: Text) -> bool:
    """Whether the hash is made with the stored one's salt, as `bcrypt.hashpw(plain, stored)` is."""
    if any(_gets_salt(call) for call in (text.form, text.through) if call is not None and call[0] == "call"):
        return True
    call = text.form
    last = str(call[2][-1]) if call[0] == "call" and call[2][0] in ("name", "attr") else ""
    if last not in ("hashpw", "crypt", "pbkdf2_hmac", "scrypt", "derive"):
        return False
    return not any(form[0] in ("name", "attr") and form[-1] == "gensalt" for form in walk(call[3:]))
