"""Names of what must stay on the server: passwords and their hashes, keys, one-time codes, card numbers."""

from __future__ import annotations

from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.secrets.names import kind_of, word_set

_PASSWORDS = word_set(
    "password passwd pwd passphrase passwort kennwort wachtwoord contrasena senha hashedpassword passwordhash pw"
)
_HASHES = frozenset({"hash", "hashed", "digest", "encrypted", "salt", "salted"})
_ABOUT = word_set(
    """
    at changed expired expires expiry reset version updated last date count is has must require required policy
    strength attempts change set enabled verified id url link type name hint length
    """
)
_CODES = (
    ("otp", "secret"), ("totp", "secret"), ("mfa", "secret"), ("otp", "code"), ("card", "number"), ("credit", "card"),
    ("social", "security"), ("private", "key"), ("security", "answer"), ("pin", "hash"), ("pin", "hashed"),
    ("recovery", "code"), ("recovery", "codes"), ("backup", "code"), ("backup", "codes"),
)  # fmt: skip
_SINGLE = {
    "ssn": "social security number", "cvv": "card code", "cvc": "card code", "pin": "PIN", "apikey": "key",
    "secret": "secret", "privatekey": "key",
}  # fmt: skip


def secret_kind(name: str) -> str:
    """What secret a name stands for, in a word or two; empty for none."""
    words = words_of(name)
    if not words or (_ABOUT & set(words) and words[-1] != "set"):
        return ""
    if _PASSWORDS & set(words):
        hashed = bool(_HASHES & set(words)) or words[0] in ("hashedpassword", "passwordhash")
        plain = words[-1] in _PASSWORDS
        return "password hash" if hashed else "password" if plain else ""
    if any(all(part in words for part in parts) for parts in _CODES):
        return "secret"
    if len(words) == 1:
        return _SINGLE.get(words[0], "")
    kind = kind_of(name)
    return "key" if kind in ("signing key", "API key") else "secret" if kind == "secret" else ""
