"""Calls that hash passwords with a method or cost of their own choice: werkzeug, key derivations, options, policies."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Const, External, Mapping, options, settled, string
from fastapi_seclint.subjects.passwords.hashers import step_by_name
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST_ROUNDS = 20_000
_WERKZEUG = ("werkzeug.security.generate_password_hash", "flask_bcrypt.generate_password_hash")
_KDF = "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC"
_PYCRYPTODOME = ("Crypto.Protocol.KDF.PBKDF2", "Cryptodome.Protocol.KDF.PBKDF2")
_ARGON2 = ("argon2.low_level.hash_secret", "argon2.low_level.hash_secret_raw")
_NACL = ("nacl.pwhash.str", "nacl.pwhash.argon2id.str", "nacl.pwhash.argon2i.str", "nacl.pwhash.scrypt.str")
_LEAST_KIBIBYTES = 8 * 1024
_LEAST_SCRYPT = 2**13
_METHOD = re.compile(r"pbkdf2(?::\w+)?:(\d+)|scrypt:(\d+):\d+:\d+")


def number(call: Call, form: Form) -> int | None:
    """The whole number that an expression of a call is."""
    for option in settled(call.ask(form)):
        if isinstance(option, Const) and isinstance(option.value, int) and not isinstance(option.value, bool):
            return option.value
    return None


def weak_methods(program: Program) -> Iterator[tuple[Call, int, str]]:
    """The methods of werkzeug that are no way to keep a password: call, place, method; `plain`, `sha256`."""
    for call, given in _methods_given(program):
        method = string(call.value(given))
        if method and not method.startswith(("pbkdf2", "scrypt")):
            yield call, given.at, method


def _methods_given(program: Program) -> Iterator[tuple[Call, Argument]]:
    """The calls that give werkzeug a method, and the argument; those of `functools.partial` among them."""
    for call in (*program.sites.calls(*_WERKZEUG), *program.sites.prepared(*_WERKZEUG)):
        given = call.argument("method", 1)
        if given is not None and call.gives(given):
            yield call, given


def low_rounds(program: Program) -> Iterator[tuple[Call, int, str, int]]:
    """Key derivations of passwords with too little work: call, place, scheme, rounds."""
    for call, given in _methods_given(program):
        found = _METHOD.fullmatch(string(call.value(given)) or "")
        if found and int(found[1] or 0) < _LEAST_ROUNDS and int(found[2] or 0) < 2**14:
            yield call, given.at, "pbkdf2" if found[1] else "scrypt", int(found[1] or found[2])
    for call in program.sites.calls("hashlib.pbkdf2_hmac"):
        if _is_for_a_cipher(call):
            continue
        yield from _few(call, call.argument("iterations", 3), call.whole[3][1:2])
    for call in program.sites.calls(_KDF):
        derived = [form[3] for form in call.block.forms.of("call") if form[2][0] == "attr" and form[2][3] == "derive"]
        yield from _few(call, call.argument("iterations", 3), derived)
    for call in program.sites.calls(*_PYCRYPTODOME):
        yield from _few(call, call.argument("count", 3), call.whole[3][:1])
    for call in program.sites.calls("hashlib.scrypt"):
        yield from _few(call, call.argument("n"), call.whole[3][:1], "scrypt", _LEAST_SCRYPT)
    for call in program.sites.calls(*_ARGON2):
        secret = call.argument("secret", 0)
        yield from _few(
            call, call.argument("memory_cost", 3), [secret.form] if secret else [], "argon2", _LEAST_KIBIBYTES
        )


_CIPHERS = frozenset({"AES", "AESGCM", "AESCCM", "Fernet", "ChaCha20", "ChaCha20Poly1305", "ChaCha20_Poly1305"})


def _is_for_a_cipher(call: Call) -> bool:
    """Whether what a file derives of its own passphrase is the key of a cipher, and no hash that is compared.

    Where anything in the file is called after hashing or checking passwords, both may be done there.
    """
    words = call.block.module.facts.words
    if not words & _CIPHERS or words & {"compare_digest", "verify"}:
        return False
    return not any(step_by_name(["name", 0, word]) for word in words)


def least_profiles(program: Program) -> Iterator[tuple[Call, int, str]]:
    """Argon2 with the least that its libraries know: call, place, what it is called.

    Sources: argon2-cffi, `profiles.CHEAPEST` ("only for testing"); PyNaCl, `OPSLIMIT_MIN` and `MEMLIMIT_MIN`.
    """
    for call in program.sites.calls("argon2.PasswordHasher.from_parameters"):
        given = call.argument("params", 0)
        if given is not None and any(_is_called(item, "CHEAPEST") for item in options(call.value(given))):
            yield call, given.at, "the cheapest profile"
    for call in program.sites.calls(*_NACL):
        given = call.argument("memlimit", 2)
        values = [call.value(given)] if given is not None else []
        spread = (option for form in call.spread for option in options(call.ask(form)) if isinstance(option, Mapping))
        values += [value for option in spread if (value := option.get("memlimit")) is not None]
        if any(_is_called(item, "MEMLIMIT_MIN") for value in values for item in options(value)):
            yield call, call.form[1], "the least memory"


def _is_called(value: object, name: str) -> bool:
    return isinstance(value, External) and value.name.rpartition(".")[2] == name


def _few(
    call: Call, given: Argument | None, data: list[Form], scheme: str = "pbkdf2", least: int = _LEAST_ROUNDS
) -> Iterator[tuple[Call, int, str, int]]:
    spoken = any(naming(str(form[-1])) for form in walk(data) if form[0] in ("name", "attr"))
    rounds = number(call, given.form) if given is not None else None
    if given is not None and rounds is not None and rounds < least and spoken:
        yield call, given.at, scheme, rounds


def policy_of(text: str) -> dict[str, str]:
    """The options of a policy that passlib reads from an INI text, `CryptContext.from_string` (passlib.context)."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return dict(parser["passlib"]) if parser.has_section("passlib") else {}


def spread_options(call: Call) -> Iterator[tuple[str, int]]:
    """The options with whole numbers that a call is handed over with `**`."""
    for form in call.spread:
        for option in options(call.ask(form)):
            for key, value in option.items if isinstance(option, Mapping) else ():
                known = [item.value for item in settled(value) if isinstance(item, Const)]
                if isinstance(key, Const) and len(known) == 1 and isinstance(known[0], int):
                    yield str(key.value), known[0]
