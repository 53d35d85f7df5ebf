"""Which names hold secrets, and which texts can be one: word lists and shapes, shared by the rules about secrets."""

from __future__ import annotations

import math
import re
from collections import Counter
from enum import IntEnum
from functools import lru_cache

from fastapi_seclint.program.spelling import words_of


class Reach(IntEnum):
    """How much the place of a text says by itself that it is a secret, weakest first."""

    PASSED = 0
    ASSIGNED = 1
    COMPARED = 2
    USED = 3


def word_set(words: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(words.split())


_QUALIFIERS = word_set(
    """
    0 1 2 3 bytes current default dev develop development live local main plain primary prod production raw
    staging str string test testing v1 v2 v3 value
    """
)
_ABOUT = word_set(
    """
    allow auto bad banned blocked breached cache candidate change check common config confirm cookie count create
    delete disable dummy enable encrypted env err error event example expired fake field forbidden foreign forgot
    forgotten generate get grant group guessed has hash hashed header hide incorrect init input invalid is known label
    mask masked max message min missing mock msg name no not num oauth2 order partition path pattern permission
    placeholder possible prefix primary public redacted redis regex repeat require required requires reset revoke
    revoked rotate route sample scope sensitive set settings show sort suffix title total type unsupported
    update use validate weak with wrong
    """
)
_OF_SECRET = word_set("auto config cookie create default email group primary reset revoke settings verify")
_OF_PASSWORD = word_set("redis")
_SERVERS = ("db", "admin", "smtp", "user", "mail", "database", "redis", "mysql", "postgres", "rabbitmq", "mongo")
"""What has a password that is called `PASS`: `DB_PASS`."""
_SIGNED = word_set("auth cookie jwt jwtsecret session signing token")
_PASSWORDS = word_set(
    """
    password passwd pwd pw passphrase passwords userpassword adminpassword passwort kennwort senha contrasena wachtwoord
    """
)
_SECRETS = word_set("secret secrets jwtsecret pepper geheimnis segredo secreto segreto")
_SIGNING = word_set(
    """
    aes auth cipher crypto decrypted encrypt encryption fernet hmac jwt master private secret security sign
    signature signing
    """
)
_API = word_set(
    """
    access admin api app client internal license service x
    """
)
_OF_TOKEN = word_set(
    """
    access admin agent api app auth bearer bot client deploy github gitlab hf internal jwt master personal
    refresh root secret server service session slack static system telegram valid verification verify webhook
    worker x
    """
)


@lru_cache(maxsize=65_536)
def kind_of(name: str) -> str:
    """What a name holds: `password`, `signing key`, `API key`, `token`, `secret`, or empty for no secret."""
    words = words_of(name)
    while len(words) > 1 and words[-1] in _QUALIFIERS:
        words.pop()
    named = words[-1:] == ["secret"] or words[-2:] == ["secret", "key"]
    excused = _OF_SECRET if named else _OF_PASSWORD if words and words[-1] in _PASSWORDS | {"pass"} else frozenset()
    if not words or (_ABOUT - excused) & set(words[:-1]):
        return ""
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PASSWORDS or (last == "pass" and before in _SERVERS):
        return "password"
    if (before, last) == ("basic", "auth"):
        return "password"
    if last in ("secretkey", "secretkeys") or (last in ("key", "keys") and before in _SIGNING):
        return "signing key"
    if last in _SECRETS:
        return "signing key" if _SIGNED & set(words) else "secret"
    if last in ("apikey", "apikeys") or (last in ("key", "keys") and before in _API):
        return "API key"
    if (last == "token" and (not before or before in _OF_TOKEN)) or (last == "tokens" and before in _OF_TOKEN):
        return "token"
    return ""


_FORMATS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,}|glpat-[\w-]{20,}|sk_live_[0-9a-zA-Z]{20,}"
    r"|sk-(?:proj-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{32,}|xox[abprs]-[0-9]{8,}-[0-9A-Za-z-]{16,}|AIza[0-9A-Za-z_-]{35}"
    r"|hf_[A-Za-z0-9]{34}|SG\.[\w-]{20,}\.[\w-]{40,}|\d{8,10}:AA[\w-]{32,33}"
)
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{100,}")
_PUBLIC = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*(?:PUBLIC KEY|CERTIFICATE)-----|\s*(?:ssh|ecdsa)-[a-z0-9-]+ AAAA")
_PUBLISHED = re.compile(r"phc_\w{20,}$|pk_(?:live|test)_\w{10,}$|pk\.eyJ[\w.-]+$|sb_publishable_\w+$")
"""What PostHog, Stripe, Clerk, Mapbox and Supabase issue for web pages; keys that a program compares are its own."""
_SAMPLE = re.compile(r"example|x{6}|0{8}|1234567890|abcdef|your|test|dummy|fake|\.\.\.", re.I)
FORMAT_WORDS = (
    b"AKIA", b"ghp_", b"gho_", b"github_pat_", b"glpat-", b"sk_live_", b"sk-", b"xox", b"AIza", b"hf_", b"SG.",
    b"PRIVATE KEY", b":AA",
)  # fmt: skip


def known_format(text: str, least: float = 3.0) -> bool:
    """Whether a text has the shape of a key that a provider issues, or is a private key; `least` bits a character."""
    if _PRIVATE.search(text):
        return True
    return bool(_FORMATS.fullmatch(text)) and not _SAMPLE.search(text) and entropy(text) > least


def entropy(text: str) -> float:
    """Bits a character, by how often each one occurs."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


_TURNS = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
"""Where letters and digits meet: names have a number at their end, keys have them everywhere."""


def random_looking(text: str) -> bool:
    """Whether a text looks generated: long, of letters and digits without words in it."""
    if re.fullmatch(r"[0-9a-fA-F-]{24,}", text):
        return entropy(text) > 2.8 and any(letter.isdigit() for letter in text)
    if len(text) < 20 or not re.fullmatch(r"[A-Za-z0-9+/=_.\-]+", text):
        return False
    if re.fullmatch(r"(?:[a-z]+[-_])?[a-z0-9]{20,}", text) and len(_TURNS.findall(text)) > 7:
        return entropy(text) > 3.5
    mixed = bool(re.search(r"\d", text)) and bool(re.search(r"[a-z]", text)) and bool(re.search(r"[A-Z]", text))
    return mixed and entropy(text) > 3.7


_NOTHING = re.compile(
    "|".join(
        (
            r"[\W_]*|(?:[*•]|xx).*|.*\*\*\*.*",  # masks
            r"[<\[].*[>\]]|.*[{}].*|.*%[sdr(].*|\$\w+:?",  # templates
            r".*://.*|[./~].*|application/.*|.*\.(?:py|json|pem|txt|ya?ml|key|crt|env|md)",  # addresses and files
            r".*\\[dws].*|\^.*|.*\(\?.*",  # patterns
            r"[a-z_]+(?:\.[a-zA-Z_]+)+|--.*|.*[:_.,-]|\w{,16}=",  # keys of messages, options, prefixes
            r"[HREP]S\d+",  # algorithms
            r"[a-z_]+:[a-z_]+\d?",  # permissions
            r"(?:var)?(?:char|binary)2?\(\d+\)|[a-z]+(?:\(\d+\))? (?:not )?null",  # columns of SQL
        )
    ),
    re.IGNORECASE | re.DOTALL,
)
_ABSENT = word_set(
    """
    abc anonymous basic bearer disabled dummy empty example fake fill foobar here hidden hide ignored invalid
    masked missing mock na needed none noop null optional placeholder provided redacted required sample
    sentinel str string text todo undefined unknown unset unspecified unused
    """
)
_FIELD = word_set(
    """
    access account admin api api2 apikey auth auth2 authorization authtoken bearer bot client code confirm
    cookie created credentials csrf current database db email encrypted field grant hash header hmac id jwt
    key keyid keys login name new oauth oauth2 old otp param passwd password private public pwd refresh reset
    secret security service session signing token tokens type url user username value verification verify
    webhook x passwort kennwort senha contrasena geheim geheimnis segredo secreto
    """
)
_WEAK = word_set(
    """
    admin changeme changethis default demo guest letmein minio mongo mysql password postgres root secret test
    """
)
_PLACEHOLDER = word_set(
    """
    change changeit changeme changethis default demo dev development insecure internal local master me my
    mysecret please prod production replace secure strong super supersecret test this top your yours
    """
)
_SENTENCE = word_set(
    "a an and are be enter for from has in is it must no not of on or please the this to was with your"
)
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


_HASH = re.compile(r"\$(2[abxy]?|argon2\w*|pbkdf2\w*|scrypt|bcrypt\w*|[156])\$|pbkdf2:|scrypt:|\{SSHA")
"""How stored hashes of passwords begin: nobody logs in with those."""


_REFERENCE = re.compile(r"\$[a-z]\w*(\.[a-z_]\w*)+")
"""What a value is to be filled in from: `$inputs.email_password`."""


def sets_password(method: str) -> bool:
    """Whether a method is there to give an account its password: `user.set_password("...")`."""
    words = words_of(method)
    return len(words) > 1 and words[0] in ("set", "change", "reset", "update") and words[-1] in _PASSWORDS


def plausible(text: str, kind: str, name: str, reach: Reach, *, many: bool = False) -> bool:
    """Whether a text under a name can be a secret, given how it is used; `many` tells that it is one of a list."""
    if reach is Reach.USED:
        if len(text) == 1 and (kind == "password" or not text.isprintable()):
            return False  # what stands beside a key that is sent as a name, or a truth value as a byte
        told = _PUBLIC.match(text.lstrip()) or re.search(r"\{\w*\}|\{\{|<[\w -]+>|\$\{", text)
        return bool(text.strip()) and not told
    published = reach is not Reach.COMPARED and not many and _PUBLISHED.match(text.lstrip())
    if (kind == "password" and _HASH.match(text)) or _PUBLIC.match(text.lstrip()) or published:
        return False
    if words_of(name)[-2:] == ["basic", "auth"] and ":" not in text:
        return False
    if _REFERENCE.fullmatch(text):
        return False
    if _PRIVATE.search(text) or known_format(text):
        return True
    if len(text) < (3 if reach is Reach.COMPARED else 4) or _NOTHING.fullmatch(text) or not text.isascii():
        return False
    words = words_of(text)
    if any(letter.isspace() for letter in text):
        phrase = reach is Reach.ASSIGNED and text.islower() and not _SENTENCE.intersection(words)
        return kind == "signing key" and len(words) < 9 and (phrase or bool({"secret", "change", "key"} & set(words)))
    if reach is Reach.ASSIGNED and "/" in text and words_of(text.rpartition("/")[2]) == words_of(name):
        return False  # where a store of secrets keeps it: `jwt_secret = "prod/api/jwt-secret"`
    absent = set(words) <= _ABSENT | _FIELD if reach is Reach.COMPARED else bool(_ABSENT & set(words))
    entry = len(words) > 1 and words[-1] in ("token", "key", "password") and "_" in text
    if entry and reach is Reach.ASSIGNED and {"secret"} == set(words_of(name)) - set(words):
        return False  # the entry of a store of secrets: `GITHUB_TOKEN_SECRET = "github_token"`
    if kind in ("API key", "token") and reach is Reach.ASSIGNED and set(words) < set(words_of(name)):
        return False  # what stands for it where none is needed: `LOCAL_API_KEY = "local"`
    if (absent and _ABSENT & set(words)) or words == words_of(name):
        return reach is Reach.COMPARED and kind == "password" and words == ["password"]
    if many and kind in ("API key", "token") and len(text) > 4 and re.search(r"[a-zA-Z].*\d|\d.*[a-zA-Z]", text):
        return not set(words) <= _FIELD
    return random_looking(text) or _chosen(text, words, kind, reach) or _phrase(text, words, kind, name, reach)


def _phrase(text: str, words: list[str], kind: str, name: str, reach: Reach) -> bool:
    """Whether a text of words is a key: what a name like `JWT_SECRET` is assigned signs, whatever it says."""
    if kind != "signing key" or "secret" not in words_of(name) or set(words) <= _FIELD or len(text) < 8:
        return False
    if _ENVIRONMENT.fullmatch(text) and len(set(words_of(name)) & set(words) - {"secret", "key", "jwt"}) > 1:
        return False  # the key under which it is kept: `X_TOKEN_ID_SECRET_KEY = "SHOP_X_TOKEN_ID"`
    return reach is not Reach.PASSED or (name.isupper() and len(words) > 1)


def _chosen(text: str, words: list[str], kind: str, reach: Reach) -> bool:
    """Whether somebody may have made up the text as a secret of this kind."""
    own = kind in ("password", "signing key", "secret")
    placeholder = bool(_PLACEHOLDER & set(words))
    if _ENVIRONMENT.fullmatch(text):
        return own and reach > Reach.PASSED and bool(_PLACEHOLDER & set(words) - {"test", "dev", "default", "internal"})
    if set(words) <= _FIELD:
        says_so = reach is Reach.COMPARED and not own and words[0] == "secret" and len(words) > 1
        weak = own and len(words) == 1 and text in _WEAK
        return says_so or (weak and (reach > Reach.PASSED or kind == "signing key"))
    if reach is Reach.PASSED and {"test", "testing", "demo"} & set(words):
        return False
    marked = bool(re.search(r"[0-9!@#$%^&+?]", text)) or text.lower() in _WEAK
    if reach is Reach.COMPARED:
        word = text.isalpha() and len(text) > 4
        return not text.isupper() and (marked or own or placeholder or "-" in text or word)
    if kind == "password":
        return marked or (reach is Reach.ASSIGNED and (placeholder or text.islower()) and len(words) == 1)
    if own:
        return marked or placeholder or (reach is Reach.ASSIGNED and "secret" in text.lower() and "_" not in text)
    if {"your", "replace", "change"} & set(words):
        return False
    return reach is Reach.ASSIGNED and (placeholder or "secret" in text.lower() or (marked and len(text) >= 8))


_UNSET = word_set(
    "disabled empty fake mock na none not null optional placeholder redacted required set undefined unset"
)


def usable(text: str, kind: str, name: str, *, used: bool = False) -> bool:
    """Whether a fallback under the name of a secret works as one: anything but a mark that it is missing.

    `used` tells that a library takes it as a key or password, so that even a placeholder or an empty key works.
    """
    if re.search(r"\{\w*\}|\{\{|<[\w -]+>|\$\{|^%\(", text) or _PUBLIC.match(text.lstrip()):
        return False
    if used:
        return bool(text.strip()) or kind == "signing key"
    if kind in ("API key", "token"):
        return plausible(text, kind, name, Reach.ASSIGNED)
    words = set(words_of(text))
    if not text.strip() or not re.search(r"\w", text) or words <= _UNSET or re.fullmatch(r".*://.*|[./~].*", text):
        return False
    if words_of(name)[-2:] == ["basic", "auth"] and ":" not in text:
        return False
    if words & {"your", "yours"} and set(words_of(name)) & {"client", "google", "github", "aws", "stripe", "azure"}:
        return False
    if any(letter.isspace() for letter in text):
        return kind == "signing key"
    return not _ENVIRONMENT.fullmatch(text) or bool(words & _PLACEHOLDER)
