"""Fast digests of passwords: which algorithm, and the uses that are no way to keep a password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import External, Function, options, string
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.passwords.hashers import step_by_name
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.superseded import made_anew

if TYPE_CHECKING:
    from fastapi_seclint.program.sites import Block
    from fastapi_seclint.subjects.passwords.followed import Passwords
    from fastapi_seclint.subjects.passwords.stages import Text

_SPOKEN = {"md5": "MD5", "sha1": "SHA-1", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384",
           "sha512": "SHA-512", "crc32": "CRC-32", "hash": "Python's hash()"}  # fmt: skip
_BREACHES = re.compile(rb"pwned|hibp|breach|leaked|k_?anonym", re.I)
_NO_STORAGE = re.compile(r"cache|(^|_)key($|_)|derive|fernet|encrypt|cipher|fingerprint|etag|stamp|mask|redact", re.I)
_DEPTH = 4


def algorithm(known: Passwords, text: Text) -> str:
    """The algorithm of a digest as people write it."""
    for option in options(ask(known.program, text.block, text.form[2])):
        if isinstance(option, External):
            owner, _, last = option.name.rpartition(".")
            if option.name == "hashlib.new" and text.form[3]:
                last = (string(ask(known.program, text.block, text.form[3][0])) or "digest").lower().replace("-", "")
            elif last == "new" and ".Hash." in option.name:
                last = owner.rpartition(".")[2].lower()
            elif option.name == "cryptography.hazmat.primitives.hashes.Hash":
                return "a fast digest"
            elif option.name.startswith("hmac."):
                return "an HMAC"
            return _SPOKEN.get(last, last.replace("_", "-").upper() if last != "digest" else "a fast digest")
    return "a fast digest"


def harmless(known: Passwords, caller: Block, text: Text) -> bool:
    """Whether a digest is no stored password: shortened for a hasher, a look-up of breaches, a key, no security."""
    block, form = text.block, text.form
    if any(keyword == "usedforsecurity" and value[0] == "const" and value[2] is False for keyword, value, _ in form[4]):
        return True
    function = block.function
    if function is not None:
        if _BREACHES.search(function.module.facts.lowered(function.number) + function.qualname.encode()):
            return True
        if _NO_STORAGE.search(function.name) and "hash" not in function.name.lower() and not _kept(known, function):
            return True
    names = _names_of(known, block, form)
    names |= _names_of(known, caller, text.through) if text.through is not None else set()
    if any(_NO_STORAGE.search(name) and "hash" not in name.lower() for name in names):
        return True
    if made_anew(known, block, form) or (text.through is not None and made_anew(known, caller, text.through)):
        return True
    places = [(block, form)] if text.through is None else []
    return _reaches_hasher(known, *(places[0] if places else (block, form)), _DEPTH)


def _kept(known: Passwords, function: Function) -> bool:
    """Whether a caller keeps what a function returns as a password's hash: `add(password_hash=derive(password))`."""
    for block, call, _, _ in known.requests.callers.of(function):
        if block.function is not None and step_by_name(["name", 0, f"{block.function.name}_password"]) == "hash":
            return True
        for form in block.forms.of("call", "assign"):
            given = [(keyword, value) for keyword, value, _ in form[4] if keyword] if form[0] == "call" else []
            if form[0] == "assign":
                given += [(str(target[3]), form[3]) for target in form[2] if target[0] == "attr"]
            if any(value is call and naming(name) == "kept" for name, value in given):
                return True
    return False


def _reaches_hasher(known: Passwords, block: Block, form: Form, depth: int) -> bool:
    """Whether a digest goes on into a slow hasher: in a call around it, by a name, or from a caller's hands."""
    if depth == 0:
        return False
    names = _names_of(known, block, form)
    returned = False
    for item in block.forms.of("call", "return"):
        if item[0] == "call" and item is not form and _is_slow(known, block, item):
            for part in walk([item[3], [value for _, value, _ in item[4]]]):
                if part is form or (part[0] == "name" and part[2] in names):
                    return True
        if item[0] == "return" and item[2] is not None:
            returned = returned or any(
                part is form or (part[0] == "name" and part[2] in names) for part in walk(item[2])
            )
    if not returned or block.function is None:
        return False
    calls = known.requests.callers.of(block.function)
    return any(_reaches_hasher(known, other, call, depth - 1) for other, call, _, sure in calls if sure)


def _is_slow(known: Passwords, block: Block, call: Form) -> bool:
    if call[2][0] not in ("name", "attr"):
        return False
    step, _, function = known.step(block, call)
    if step in ("hash", "verify"):
        return True
    if step == "runs" and call[3]:
        return _is_slow(known, block, ["call", call[1], call[3][0], call[3][1:], call[4]])
    if function is None:
        return False
    made = known.returned(function)
    return (made is not None and made.kind == "hash") or known.verifies(function)


def _names_of(known: Passwords, block: Block, form: Form) -> set[str]:
    """The local names of what is made with an expression, through further assignments."""
    names: set[str] = set()
    for item in block.forms.of("assign"):
        if any(part is form or (part[0] == "name" and part[2] in names) for part in walk(item[3])):
            names.update(target[2] for target in item[2] if target[0] == "name")
    return names
