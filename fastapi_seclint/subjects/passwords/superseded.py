"""Old hashes that are checked once more, and made anew by a slow hasher as soon as a password fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import body_of

if TYPE_CHECKING:
    from fastapi_seclint.program.sites import Block
    from fastapi_seclint.subjects.passwords.followed import Passwords

_ANEW = frozenset({"set", "update", "upgrade", "migrate", "rehash", "change", "renew", "replace"})
_PASSWORDS = frozenset({"password", "passwd", "hash", "rehash"})


def made_anew(known: Passwords, block: Block, digest: Form) -> bool:
    """Whether a digest is only compared, and the password that it was made of is hashed slowly below it.

    `if md5(salt + password) == row.digest: row.set_password(password)`: who logs in leaves the old hash behind.
    """
    names = block.forms.names_of(lambda value: any(part is digest for part in walk(value)))
    tests = [*block.forms.of("compare"), *(call for call in block.forms.of("call") if _compares(call))]
    compared = any(part is digest or (part[0] == "name" and part[2] in names) for test in tests for part in walk(test))
    plain = {part[2] for part in walk(arguments(digest)) if part[0] == "name"}
    if not compared or not plain or block.function is None:
        return False
    return any(
        call[1] > digest[1]
        and any(part[0] == "name" and part[2] in plain for part in walk(arguments(call)))
        and _hashes_slowly(known, block, call)
        for call in block.forms.of("call")
    )


def _compares(call: Form) -> bool:
    return name_of(call[2]) == "compare_digest"


def _hashes_slowly(known: Passwords, block: Block, call: Form) -> bool:
    step, _, function = known.step(block, call)
    if step == "hash":
        return True
    words = set(words_of(name_of(call[2])))
    if function is None:
        return step == "" and bool(words & _ANEW and words & _PASSWORDS)
    made = known.returned(function)
    if made is not None:
        return made.kind == "hash"
    inside = body_of(known.program, function)
    return inside is not None and any(known.step(inside, inner)[0] == "hash" for inner in inside.forms.of("call"))
