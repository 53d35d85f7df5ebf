"""Which names hold secrets, and which texts can be one: word lists and shapes, shared by the rules about secrets."""

from __future__ import annotations

import math
import re
from collections import Counter
from enum import IntEnum


class Reach(IntEnum):
    """How much the place of a text says by itself that it is a secret, weakest first."""

    PASSED = 0
    ASSIGNED = 1
    COMPARED = 2
    USED = 3


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^A-Za-z0-9]+")


def words_of(name: str) -> list[str]:
    """The lower-case words of an identifier or header name in snake, kebab or camel case."""
    return [word.lower() for part in _SPLIT.split(name) for word in _CAMEL.split(part) if word]


_QUALIFIERS = frozenset(
    "dev develop development prod production staging local live default test testing v1 v2 v3 value string str bytes raw "
    "plain primary main current 1 2 3 0".split()
)
_ABOUT = frozenset(
    "invalid wrong incorrect missing forgot forgotten reset change update no not has is require requires required show hide "
    "bad expired revoked weak generate create get set check hash hashed encrypted masked mask error err msg message mock fake "
    "dummy placeholder redacted example sample unsupported event permission scope route field label title enable disable "
    "rotate delete revoke public input type confirm repeat regex pattern prefix suffix env name header cookie use with "
    "oauth2 grant allow validate cache foreign common banned blocked forbidden sensitive breached auto init count max min num total "
    " primary sort group order partition redis config settings path".split()
)
_PASSWORDS = frozenset(("password", "passwd", "pwd", "passphrase", "passwords", "userpassword", "adminpassword"))
_SIGNING = frozenset(
    "secret signing sign encryption encrypt jwt auth session fernet hmac private master cipher crypto aes signature security".split()
)
_API = frozenset("api access client admin service internal license app".split())
_OF_TOKEN = frozenset(
    "access auth api bearer admin refresh bot service secret internal jwt session personal github gitlab slack telegram "
    "webhook deploy static valid master root app server agent worker client hf verify verification system".split()
)


def kind_of(name: str) -> str:
    """What a name holds: `password`, `signing key`, `API key`, `token`, `secret`, or empty for no secret."""
    words = words_of(name)
    while len(words) > 1 and words[-1] in _QUALIFIERS:
        words.pop()
    if not words or _ABOUT & set(words[:-1]):
        return ""
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PASSWORDS or (last == "pass" and before in ("db", "admin", "smtp", "user", "mail", "database")):
        return "password"
    if last in ("secretkey", "secretkeys") or (last in ("key", "keys") and before in _SIGNING):
        return "signing key"
    if last in ("secret", "secrets", "jwtsecret"):
        return "signing key" if {"jwt", "session", "cookie", "token", "signing", "auth"} & set(words) else "secret"
    if last in ("apikey", "apikeys") or (last in ("key", "keys") and before in _API):
        return "API key"
    if (last == "token" and (not before or before in _OF_TOKEN)) or (last == "tokens" and before in _OF_TOKEN):
        return "token"
    return ""


_FORMATS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,}|glpat-[\w-]{20,}|sk_live_[0-9a-zA-Z]{20,}"
    r"|sk-(?:proj-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{32,}|xox[abprs]-[0-9]{8,}-[0-9A-Za-z-]{16,}|AIza[0-9A-Za-z_-]{35}"
    r"|hf_[A-Za-z0-9]{34}|SG\.[\w-]{20,}\.[\w-]{40,}"
)
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{100,}")
_SAMPLE = re.compile(r"example|x{6}|0{8}|1234567890|abcdef|your|test|dummy|fake|\.\.\.", re.I)
FORMAT_WORDS = (b"AKIA", b"ghp_", b"gho_", b"github_pat_", b"glpat-", b"sk_live_", b"sk-", b"xox", b"AIza", b"hf_", b"SG.",
                b"PRIVATE KEY")  # fmt: skip


def known_format(text: str) -> bool:
    """Whether a text has the shape of a key that a provider issues, or is a private key."""
    if _PRIVATE.search(text):
        return True
    return bool(_FORMATS.fullmatch(text)) and not _SAMPLE.search(text) and entropy(text) > 3


def entropy(text: str) -> float:
    """Bits a character, by how often each one occurs."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def random_looking(text: str) -> bool:
    """Whether a text looks generated: long, of letters and digits without words in it."""
    if re.fullmatch(r"[0-9a-fA-F-]{24,}", text):
        return entropy(text) > 2.8 and any(letter.isdigit() for letter in text)
    if len(text) < 20 or not re.fullmatch(r"[A-Za-z0-9+/=_.\-]+", text):
        return False
    mixed = bool(re.search(r"\d", text)) and bool(re.search(r"[a-z]", text)) and bool(re.search(r"[A-Z]", text))
    return mixed and entropy(text) > 3.7


_NOTHING = re.compile(
    r"[\W_]*|[*x•]+.*|(?:<|\[).*(?:>|\])|.*[{}].*|.*\$\{?\w.*\}|.*%[sdr(].*|.*://.*|[./~].*|.*\.(?:py|json|pem|txt|ya?ml|key|crt|env|md)"
    r"|.*\\[dws].*|\^.*|.*\(\?.*|[a-z_]+(?:\.[a-zA-Z_]+)+|.*[:=_.,-]|--.*|application/.*|HS\d+|RS\d+|ES\d+",
    re.I | re.S,
)
_ABSENT = frozenset(
    "empty dummy none null redacted masked hidden fake mock unused undefined na noop ignored needed required anonymous "
    "optional unset missing invalid placeholder bearer basic string str text provided disabled sentinel abc foobar unknown "
    "example sample hide optional unspecified na todo fill here".split()
)
_FIELD = frozenset(
    "access refresh token tokens api key keys password secret auth authorization session id user client jwt csrf private "
    "public new old current confirm reset header cookie name type code login email username oauth oauth2 credentials bearer x "
    "value field param account db database admin otp signing grant id api2 hash encrypted url verify verification "
    "webhook security service bot created hmac apikey passwd pwd authtoken auth2 keyid".split()
)
_WEAK = frozenset("secret password admin root postgres mysql guest demo test letmein changeme changethis mongo minio".split())
_PLACEHOLDER = frozenset(
    "change changeme changethis changeit me replace your yours my super insecure development dev supersecret mysecret default "
    "internal master demo test local please this production prod secure strong top".split()
)
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


def plausible(text: str, kind: str, name: str, reach: Reach) -> bool:
    """Whether a text under a name can be a secret, given how it is used."""
    if reach is Reach.USED:
        return bool(text.strip()) and not re.search(r"\{\w*\}|<[\w -]+>|\$\{", text)
    if _PRIVATE.search(text) or known_format(text):
        return True
    if len(text) < (3 if reach is Reach.COMPARED else 4) or _NOTHING.fullmatch(text) or not text.isascii():
        return False
    words = words_of(text)
    if any(letter.isspace() for letter in text):
        return kind == "signing key" and len(words) < 9 and bool({"secret", "change", "key"} & set(words))
    if _ABSENT & set(words) or words == words_of(name):
        return reach is Reach.COMPARED and kind == "password" and words == ["password"]
    return random_looking(text) or _chosen(text, words, kind, reach)


def _chosen(text: str, words: list[str], kind: str, reach: Reach) -> bool:
    """Whether somebody may have made up the text as a secret of this kind."""
    own = kind in ("password", "signing key", "secret")
    placeholder = bool(_PLACEHOLDER & set(words))
    if _ENVIRONMENT.fullmatch(text):
        return own and reach > Reach.PASSED and bool(_PLACEHOLDER & set(words) - {"test", "dev", "default", "internal"})
    if set(words) <= _FIELD:
        return own and len(words) == 1 and text in _WEAK and reach > Reach.PASSED
    marked = bool(re.search(r"[0-9!@#$%^&+?]", text)) or text.lower() in _WEAK
    if reach is Reach.COMPARED:
        return not text.isupper() and (marked or own or placeholder or "-" in text)
    if kind == "password":
        return marked or (reach is Reach.ASSIGNED and (placeholder or text.islower()) and len(words) == 1)
    if own:
        return marked or placeholder or (reach is Reach.ASSIGNED and "secret" in text.lower())
    if {"your", "replace", "change"} & set(words):
        return False
    return reach is Reach.ASSIGNED and (placeholder or "secret" in text.lower() or (marked and len(text) >= 8))
