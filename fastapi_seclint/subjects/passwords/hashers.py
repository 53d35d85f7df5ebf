"""Which library calls hash a password slowly, verify one, or make a fast digest."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import External, Partial, options, string

Step = Literal["hash", "verify", "digest", "same", "runs", ""]

_LIBRARIES = re.compile(
    r"^(passlib\.|bcrypt\.|argon2\.|pwdlib\.|werkzeug\.security\.|fastapi_users\.password\.|django\.contrib\.auth\.hashers\."
    r"|nacl\.pwhash|flask_bcrypt\.|scrypt\.|hashlib\.(scrypt|pbkdf2_hmac)$|backports\.pbkdf2|crypt\.crypt$"
    r"|cryptography\.hazmat\.primitives\.kdf\.|Crypto(dome)?\.Protocol\.KDF|pyscrypt|libpass)"
)
_HASHES = re.compile(
    r"^(hash|hashpw|encrypt|generate_password_hash|make_password|scrypt|pbkdf2_hmac|derive|kdf|str|genhash|hash_password"
    r"|hash_secret\w*|PBKDF2|bcrypt|async_generate_password_hash|crypt|hash_bytes|generate)$"
)
_VERIFIES = re.compile(
    r"^(verify|checkpw|check_password_hash|check_password|verify_and_update|verify_password|bcrypt_check|verify_secret"
    r"|dummy_verify|verify_password_\w+)$"
)
_FAST = (
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b",
    "blake2s", "shake_128", "shake_256",
)  # fmt: skip
DIGESTS: dict[str, int] = {
    **{f"hashlib.{name}": 0 for name in _FAST},
    "hashlib.new": 1,
    "hmac.new": 1,
    "hmac.digest": 1,
    "hmac.HMAC": 1,
    "zlib.crc32": 0,
    "binascii.crc32": 0,
    "builtins.hash": 0,
}
"""Canonical names of calls that make a digest, with the position of what they digest."""

_MORE_DIGESTS = re.compile(
    r"^(cryptography\.hazmat\.primitives\.hashes\.Hash$|Crypto(dome)?\.Hash\.\w+\.new|xxhash\.\w+|mmh3\.hash\w*|pyblake2\.\w+|sha3\.\w+"
    r"|sqlalchemy\.(\w+\.)*func\.(md5|sha\d*|digest|hashbytes))$"
)
DATA_NAMES = ("data", "string", "msg", "s")
_SAME = re.compile(
    r"^(builtins\.(str|bytes|bytearray|repr|memoryview)|base64\.\w*(encode|encodebytes)|binascii\.(hexlify|b2a_\w+)"
    r"|urllib\.parse\.(quote|unquote)\w*|pydantic\.SecretStr|pydantic\.types\.SecretStr|html\.escape|starlette\.\w+\.escape"
    r"|unicodedata\.normalize|codecs\.encode|typing\.cast|pydantic\.SecretBytes)$"
)
_RUNS = re.compile(
    r"^(starlette\.concurrency\.run_in_threadpool|asyncio\.to_thread|anyio\.to_thread\.run_sync|asgiref\.sync\.sync_to_async"
    r"|fastapi\.concurrency\.run_in_threadpool)$"
)
_NAMED_HASH = re.compile(
    r"^_*(async_)?((get|make|create|generate|compute|build)_)?"
    r"((hash|hashed|encrypt|encode|crypt|bcrypt|secure)_?(the_|user_|plain_)?(password|passwd|pwd|pw|pass)(_hash)?"
    r"|(password|passwd|pwd|pw)_?(hash|hasher)|(hash|hashed)_?(password|pwd))(_async)?$",
    re.I,
)
_NAMED_VERIFY = re.compile(
    r"^_*(async_)?(verify|check|validate|compare|match|is_valid)_?(the_|user_|plain_|hashed_)?(password|passwd|pwd|pw)(_hash)?"
    r"(_async)?$|^_*(password|pwd)_(verify|matches|is_valid|check)$",
    re.I,
)
_CONTEXT = re.compile(r"(^|_)(pwd|passwords?|passwd|bcrypt|argon2?|crypt\w*|hasher|ph|hash_helper|passlib)(_|$)", re.I)


@lru_cache(maxsize=16_384)
def step_of(name: str) -> Step:
    """What a library call of a canonical name does with a password."""
    last = name.rpartition(".")[2]
    if name in DIGESTS or _MORE_DIGESTS.match(name):
        return "digest"
    if _LIBRARIES.match(name):
        if _VERIFIES.match(last):
            return "verify"
        return "hash" if _HASHES.match(last) else ""
    if _SAME.match(name):
        return "same"
    return "runs" if _RUNS.match(name) else ""


def step_by_name(function: Form) -> Step:
    """What a call of something unknown does by its name: `hash_password(...)`, `pwd_context.verify(...)`."""
    last = str(function[-1])
    if step := _step_named(last):
        return step
    if function[0] == "attr" and function[2][0] in ("name", "attr") and _CONTEXT.search(str(function[2][-1])):
        if _VERIFIES.match(last):
            return "verify"
        return "hash" if _HASHES.match(last) else ""
    return ""


@lru_cache(maxsize=16_384)
def _step_named(name: str) -> Step:
    if _NAMED_VERIFY.match(name):
        return "verify"
    return "hash" if _NAMED_HASH.match(name) else ""


def of_partial(value: Partial) -> str:
    """The digest that `partial(hashlib.new, "sha256")` is, as `hashlib.sha256`; empty for other partial calls."""
    made = [option for option in options(value.function) if isinstance(option, External)]
    given = value.arguments.positional
    name = string(given[0]) if len(given) == 1 and any(option.name == "hashlib.new" for option in made) else None
    found = f"hashlib.{name.lower().replace('-', '')}" if name else ""
    return found if found in DIGESTS else ""


def digested(name: str, call: Form) -> Form | None:
    """The expression that a digest call digests, or None when it is given none."""
    position = DIGESTS.get(name, 0)
    given: dict[str, Form] = {keyword: value for keyword, value, _ in call[4] if keyword in DATA_NAMES}
    positional: list[Form] = call[3]
    if given:
        return next(iter(given.values()))
    return positional[position] if position < len(positional) else None
