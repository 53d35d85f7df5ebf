"""Where written texts end up as keys and passwords: token libraries, session cookies, signers, comparisons, logins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.implementers import heirs
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import (
    NONE,
    Class,
    Collection,
    Const,
    External,
    Instance,
    Mapping,
    Value,
    options,
    settled,
)
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.loops import turns
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.told import told
from fastapi_seclint.subjects.secrets.comparisons import comparisons
from fastapi_seclint.subjects.secrets.key_makers import is_hashed
from fastapi_seclint.subjects.secrets.looked_up import looked_up
from fastapi_seclint.subjects.secrets.names import Reach, kind_of, plausible
from fastapi_seclint.subjects.secrets.needs import Use

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_SIGNING, _PASSWORD, _API_KEY = "signing key", "password", "API key"
_TOKENS = "the key that tokens are signed with"
_SESSIONS = "starlette.middleware.sessions.SessionMiddleware"
OF_A_SERVICE = "the key of a service"
"""What is shown to another service, which alone says whether it fits: a mark that there is none opens nothing."""
# Parameter, position, kind and words for people, with the library symbols that need it.
_SINKS_BY_USE: dict[tuple[str, int, str, str], str] = {
    ("key", 1, _SIGNING, _TOKENS): """
        jwt.encode jwt.decode jwt.api_jwt.encode jwt.api_jwt.decode jwt.PyJWT().encode jwt.PyJWT().decode
        jwt.PyJWS().encode jwt.PyJWS().decode jwt.api_jws.PyJWS().encode jwt.api_jws.PyJWS().decode
        jose.jwt.encode jose.jwt.decode jose.jws.sign jose.jws.verify authlib.jose.jwt.decode
        authlib.jose.JsonWebToken().decode joserfc.jwt.decode
    """,
    ("key", 2, _SIGNING, _TOKENS): """
        authlib.jose.jwt.encode authlib.jose.JsonWebToken().encode joserfc.jwt.encode
    """,
    ("value", 0, _SIGNING, _TOKENS): "joserfc.jwk.OctKey.import_key",
    ("raw", 0, _SIGNING, _TOKENS): "authlib.jose.OctKey.import_key authlib.jose.JsonWebKey.import_key",
    ("key_data", 0, _SIGNING, _TOKENS): "jose.jwk.construct",
    ("k", 99, _SIGNING, _TOKENS): "jwcrypto.jwk.JWK",
    ("secret", 0, _SIGNING, _TOKENS): """
        fastapi_users.authentication.JWTStrategy fastapi_users.authentication.strategy.JWTStrategy
        fastapi_users.authentication.strategy.jwt.JWTStrategy fastapi_login.LoginManager
    """,
    ("secret", 1, _SIGNING, _TOKENS): "fastapi_users.jwt.generate_jwt fastapi_users.jwt.decode_jwt",
    ("secret_key", 0, _SIGNING, _TOKENS): """
        fastapi_jwt.JwtAccessBearer fastapi_jwt.JwtRefreshBearer fastapi_jwt.JwtAccessBearerCookie
        fastapi_jwt.JwtAccessCookie fastapi_jwt.JwtRefreshCookie fastapi_jwt.JwtRefreshBearerCookie
    """,
    ("JWT_SECRET_KEY", 99, _SIGNING, _TOKENS): "authx.AuthXConfig authx.config.AuthXConfig",
    ("secret_key", 99, _SIGNING, "the key of session cookies"): """
        fastapi_sessions.frontends.implementations.SessionCookie
        fastapi_sessions.frontends.implementations.cookie.SessionCookie
    """,
    ("secret_key", 0, _SIGNING, "the key of session cookies"): """
        sqladmin.authentication.AuthenticationBackend
    """,
    ("MAIL_PASSWORD", 99, _PASSWORD, "a mail password"): "fastapi_mail.ConnectionConfig",
    ("secret_key", 0, _SIGNING, "the key of a signer"): """
        itsdangerous.Signer itsdangerous.TimestampSigner itsdangerous.Serializer itsdangerous.TimedSerializer
        itsdangerous.URLSafeSerializer itsdangerous.URLSafeTimedSerializer itsdangerous.url_safe.URLSafeTimedSerializer
    """,
    ("password", 0, _SIGNING, _TOKENS): "jwcrypto.jwk.JWK.from_password",
    ("key", 0, _SIGNING, "an encryption key"): """
        cryptography.fernet.Fernet nacl.secret.SecretBox nacl.secret.Aead
        cryptography.hazmat.primitives.ciphers.aead.AESGCM cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305
        cryptography.hazmat.primitives.ciphers.algorithms.AES Crypto.Cipher.AES.new Crypto.Cipher.DES.new
        Crypto.Cipher.DES3.new Cryptodome.Cipher.AES.new Cryptodome.Cipher.DES.new pyDes.des pyDes.triple_des
    """,
    ("seed", 0, _SIGNING, "the key of a signature"): "nacl.signing.SigningKey",
    ("private_key", 0, _SIGNING, "an encryption key"): "nacl.public.PrivateKey",
    ("key", 0, _SIGNING, "the key of a signature"): "hmac.new",
    ("secret_key", 1, _SIGNING, "the key of session cookies"): _SESSIONS,
    ("password", 99, _PASSWORD, "a database password"): """
        psycopg2.connect psycopg.connect asyncpg.connect asyncpg.create_pool mysql.connector.connect aiomysql.connect
        aiomysql.create_pool
    """,
    ("password", 2, _PASSWORD, "a database password"): "pymysql.connect MySQLdb.connect",
    ("password", 3, _PASSWORD, "a database password"): "redis.Redis redis.asyncio.Redis redis.StrictRedis",
    ("password", 1, _PASSWORD, "a password for another service"): """
        pika.PlainCredentials pika.credentials.PlainCredentials requests.auth.HTTPBasicAuth
        requests.auth.HTTPDigestAuth httpx.BasicAuth httpx.DigestAuth aiohttp.BasicAuth neo4j.basic_auth
        cassandra.auth.PlainTextAuthProvider
    """,
    ("password", 2, _PASSWORD, "a password for another service"): "ldap3.Connection",
    ("password", 3, _PASSWORD, "a password for another service"): """
        paramiko.SSHClient().connect paramiko.client.SSHClient().connect
    """,
    ("passwd", 2, _PASSWORD, "a password for another service"): "ftplib.FTP ftplib.FTP_TLS",
    ("secret_key", 2, _API_KEY, "the key of a storage server"): "minio.Minio",
    ("password", 1, _API_KEY, OF_A_SERVICE): "twilio.rest.Client",
    ("token", 0, "token", OF_A_SERVICE): "aiogram.Bot telegram.Bot telebot.TeleBot telebot.AsyncTeleBot",
    ("subscription", 0, _API_KEY, OF_A_SERVICE): """
        azure.cognitiveservices.speech.SpeechConfig azure.cognitiveservices.speech.translation.SpeechTranslationConfig
    """,
    ("key", 0, _API_KEY, OF_A_SERVICE): "azure.core.credentials.AzureKeyCredential",
    ("subscription_key", 0, _API_KEY, OF_A_SERVICE): """
        msrest.authentication.CognitiveServicesCredentials
    """,
    ("password", 1, _PASSWORD, "a mail password"): """
        smtplib.SMTP().login smtplib.SMTP_SSL().login aiosmtplib.SMTP().login imaplib.IMAP4().login
        imaplib.IMAP4_SSL().login aioimaplib.IMAP4_SSL().login poplib.POP3().pass_
    """,
    ("password", 99, _PASSWORD, "a mail password"): "aiosmtplib.SMTP aiosmtplib.send",
    ("passwd", 1, _PASSWORD, "a password of a server"): "ftplib.FTP().login ftplib.FTP_TLS().login",
    ("passwd", 2, _PASSWORD, "a password of a server"): "ftplib.FTP ftplib.FTP_TLS",
    ("password", 3, _PASSWORD, "a password of a server"): "paramiko.SSHClient().connect",
}
_SERVICES = {
    "pika": "rabbitmq", "redis": "redis", "pymysql": "mysql", "MySQLdb": "mysql", "ldap3": "ldap", "paramiko": "ssh",
    "ftplib": "ftp", "minio": "minio", "twilio": "twilio", "aiogram": "telegram", "telegram": "telegram",
    "telebot": "telegram", "neo4j": "neo4j", "cassandra": "cassandra", "smtplib": "smtp",
}  # fmt: skip
"""What the libraries open, for the names of variables."""
_SINKS = {name: use for use, names in _SINKS_BY_USE.items() for name in names.split()}
_CONVERTING = (
    "base64.b64decode()", "base64.urlsafe_b64decode()", "base64.b64encode()", "base64.urlsafe_b64encode()",
    "base64.standard_b64encode()", "builtins.bytes()", "builtins.bytearray()", "builtins.bytes.fromhex()",
    "pydantic.SecretStr()", "pydantic.SecretBytes()",
    "starlette.datastructures.Secret()", "joserfc.jwk.OctKey.import_key()",
)  # fmt: skip
_PLAIN = frozenset(f"pydantic.{name}().get_secret_value()" for name in ("SecretStr", "SecretBytes"))
_DECODED = _PLAIN | {f"{name}.decode()" for name in _CONVERTING} | {f"{name}.encode()" for name in _PLAIN}
_DIGESTED = re.compile(r"^hashlib\.(?!new)\w+\(\)\.(hex)?digest\(\)$")
"""A key that is the digest of a text is as well known as the text."""
_COMPARED = ("API key", "password", "secret", "token")
_MANAGERS = frozenset({"reset_password_token_secret", "verification_token_secret"})
_COMPARERS = ("hmac.compare_digest", "secrets.compare_digest")


@answered_once
def uses(program: Program) -> dict[str, dict[int, Use]]:
    """By file and packed place of the literal: how it is used. Defaults of settings count; found once a program."""
    return _search(program)


def _search(program: Program) -> dict[str, dict[int, Use]]:
    found: dict[str, dict[int, Use]] = {}
    for value, use in _needed(program):
        for literal in _constants(value, use.kind == _SIGNING):
            if literal.place is not None:
                found.setdefault(literal.place.module.file, {}).setdefault(literal.place.at, use)
    return found


def _needed(program: Program) -> Iterator[tuple[Value, Use]]:
    """What is given to something that needs a secret, and how that uses it."""
    for call, name, position, kind, what in _sinks(program):
        given = call.argument(name, position)
        if given is not None and (_is_derivation(call) or (kind == _PASSWORD and _is_tried(call.block, given.form))):
            continue
        if given is not None:
            service = _SERVICES.get(call.name.partition(".")[0], "")
            use = Use(kind, what, call.block.location(given.form), service)
            yield call.ask(_unwrapped(given.form)), use
            for origin in told(program, call.block, given.form):
                yield ask(program, origin.block, origin.form), use
        for spread in call.spread if given is None else ():
            for option in options(call.ask(spread)):
                value = option.get(name) if isinstance(option, Mapping) else None
                if value is not None:
                    yield value, Use(kind, what, call.block.location(spread))
    yield from _compared(program)
    for item in comparisons(program):
        if item.operator != "compare_digest":
            kind = item.kind if item.kind in _COMPARED else "secret"
            yield item.value, Use(kind, "what a caller has to know", item.block.location(item.secret))
    yield from looked_up(program)
    yield from _set(program)
    yield from _of_managers(program)
    yield from _in_headers(program)


def _is_tried(block: Block, form: Form) -> bool:
    """Whether a password is one of those that a loop tries with the name beside it: `for user, password in GUESSES`."""
    return form[0] == "name" and any(number is not None for _, number in turns(block, form[2]))


def _is_derivation(call: Call) -> bool:
    """Whether an HMAC of a secret makes the key of another one, so that its own key is a label that everybody knows.

    Telegram's check of its Web Apps does (`hmac.new(b"WebAppData", bot_token)`), as does HKDF (RFC 5869, section 2.2).
    """
    given = call.argument("msg", 1) if call.name == "hmac.new" else None
    if given is None:
        return False
    inner = given.form
    while inner[0] == "call" and inner[2][0] == "attr" and inner[2][3] in ("encode", "strip", "get_secret_value"):
        inner = inner[2][2]
    if inner[0] not in ("name", "attr") or not kind_of(str(inner[-1])):
        return False
    made = call.block.forms.names_of(lambda value: any(item is call.form for item in walk(value)))
    others = [form for form in call.block.forms.of("call") if form is not call.form and last_name(form[2]) == "new"]
    keys = (key for form in others for key in [*form[3][:1], *(value for name, value, _ in form[4] if name == "key")])
    return any(item is call.form or (item[0] == "name" and item[2] in made) for key in keys for item in walk(key))


def _unwrapped(form: Form) -> Form:
    """A text without what makes bytes of it: `KEY` of `KEY.encode()`."""
    inner = form[2][2] if form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("encode", "strip") else form
    return inner if inner[0] in ("name", "attr") else form


def _sinks(program: Program) -> Iterator[tuple[Call, str, int, str, str]]:
    imported = {name.partition(".")[0] for module in program.modules.by_file.values() for name in module.facts.imports}
    for call in program.sites.calls(*(name for name in _SINKS if name.partition(".")[0] in imported)):
        yield (call, *_SINKS[call.name])
    yield from ((call, *_SINKS[call.name]) for call in program.sites.prepared(*_SINKS))
    yield from _initialized(program)
    for block in program.sites.blocks(frozenset({"SessionMiddleware"})):
        for form in block.forms.every:
            call = Call(block, form, "", program.interpreter)
            if form[0] == "call" and form[3] and _is_sessions(call, form[3][0]):
                yield call, "secret_key", 1, _SIGNING, "the key of session cookies"


def _initialized(program: Program) -> Iterator[tuple[Call, str, int, str, str]]:
    """What a class of the project's own gives the library's that it descends from: `super().__init__("text")`."""
    for block in program.sites.blocks(frozenset({"super"})):
        owner = block.function.owner if block.function is not None and block.function.name == "__init__" else None
        sinks = [_SINKS[base] for base in owner.external_bases() if base in _SINKS] if owner is not None else []
        for form in block.forms.of("call") if sinks else ():
            if form[2][0] == "attr" and form[2][3] == "__init__" and form[2][2][0] == "call":
                yield from ((Call(block, form, "", program.interpreter), *sink) for sink in sinks)


def _compared(program: Program) -> Iterator[tuple[Value, Use]]:
    """What a caller's text is compared with, each of several in a loop included."""
    for call in program.sites.calls(*_COMPARERS):
        spoken = {name_of(item).lower() for item in walk(call.whole[3]) if item[0] in ("name", "attr")}
        if any("user" in name or "email" in name for name in spoken):
            continue
        if any(is_hashed(call.block, form) for form in call.whole[3]):
            continue  # what a digest is compared with is a digest, which is no key to anything
        for form in call.whole[3]:
            use = Use("secret", "what a caller has to know", call.block.location(form))
            yield call.ask(form), use
            while form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("encode", "strip"):
                form = form[2][2]
                yield call.ask(form), use
            for iterable, number in turns(call.block, form[2]) if form[0] == "name" else ():
                value = call.ask(iterable)
                mapped = iterable[0] == "call" and last_name(iterable[2]) == "items"
                whole = number is None or (
                    mapped and any(True for part in _parts(value, number) for _ in _constants(part))
                )
                yield from ((part, use) for part in ([value] if whole else _parts(value, number or 0)))


def _parts(value: Value, number: int) -> Iterator[Value]:
    """The part of each item of a collection that has this number."""
    for option in options(value):
        for item in option.items if isinstance(option, Collection) else ():
            for inner in options(item):
                if isinstance(inner, Collection) and number < len(inner.items):
                    yield inner.items[number]


def _set(program: Program) -> Iterator[tuple[Value, Use]]:
    """The key that is assigned to a configuration of AuthX: `config.JWT_SECRET_KEY = ...`."""
    for block in program.sites.blocks(frozenset({"JWT_SECRET_KEY"})):
        for form in block.forms.of("assign"):
            match form:
                case ["assign", _, [["attr", _, owner, "JWT_SECRET_KEY"]], value]:
                    given = ask(program, block, owner)
                    if any(isinstance(item, External) and item.name.startswith("authx.") for item in options(given)):
                        yield ask(program, block, value), Use(_SIGNING, _TOKENS, block.location(value))


def _of_managers(program: Program) -> Iterator[tuple[Value, Use]]:
    """The keys of the tokens that fastapi-users mails, attributes of a manager of users (fastapi_users/manager.py)."""
    for module in program.modules.speaking(_MANAGERS):
        for cls in list(module.scope.names.values()):
            if isinstance(cls, Class) and any(base.endswith(".BaseUserManager") for base in cls.external_bases()):
                for name in _MANAGERS & cls.namespace.keys():
                    yield cls.namespace[name], Use(_SIGNING, _TOKENS, cls.place.location)


_HEADERS = re.compile(r"^(x-)?((api|access|auth|subscription)-)?(key|token)$|^authorization$", re.I)


def _in_headers(program: Program) -> Iterator[tuple[Value, Use]]:
    """What is sent as a key in a header: `headers={"X-Api-Key": KEY}`, and what objects are told, `self.key`."""
    for module in program.modules.by_file.values():
        for block in program.sites.speaking(module, b"-key", b"-token", b'"authorization"', folded=True):
            for form in block.forms.of("dict"):
                for key, value in form[2]:
                    if key is None or key[0] != "const" or not _HEADERS.match(str(key[2])):
                        continue
                    where = Use(_API_KEY, OF_A_SERVICE, block.location(value))
                    value = _without_scheme(value)
                    for origin in told(program, block, value):
                        yield ask(program, origin.block, origin.form), where
                    if str(key[2]).lower() not in ("key", "token"):
                        yield from ((known, where) for known in _shaped(program, block, value))


def _without_scheme(value: Form) -> Form:
    """A text without what is put into it before a space: the scheme of `f"{SCHEME} {KEY}"`."""
    if value[0] != "fstr":
        return value
    following = [*value[2][1:], ["const", 0, ""]]
    followed = zip(value[2], following, strict=True)
    return ["fstr", value[1], [one for one, after in followed if after[0] != "const" or not after[2].startswith(" ")]]


def _shaped(program: Program, block: Block, value: Form) -> Iterator[Const]:
    """What names stand for that looks like a key by itself: no mask, `"authorization": HIDDEN`, and no description."""
    for part in [one[2] for one in value[2] if one[0] == "fmt"] if value[0] == "fstr" else [value]:
        for known in _named(program, block, part):
            for one in _constants(known):
                if isinstance(one.value, str) and plausible(one.value, _API_KEY, "", Reach.ASSIGNED):
                    yield one


def _named(program: Program, block: Block, form: Form) -> Iterator[Value]:
    """What a name or attribute stands for; `self.key` for what each class has under it that inherits the method."""
    owner = block.function.owner if block.function is not None else None
    if form[0] == "attr" and form[2][2:] in (["self"], ["cls"]) and owner is not None:
        for cls in heirs(program, owner):
            found = cls.namespace.get(form[3])
            if found is not None:
                yield found
    if form[0] in ("name", "attr"):
        yield ask(program, block, form)


def _is_sessions(call: Call, form: Form) -> bool:
    if form[0] not in ("name", "attr"):
        return False
    return any(isinstance(option, External) and option.name == _SESSIONS for option in options(call.ask(form)))


def _constants(value: Value, digests: bool = False) -> Iterator[Const]:
    """The texts that a value is made of; with `digests`, what one is the digest of as well."""
    for option in settled(value):
        if isinstance(option, Const) and isinstance(option.value, str | bytes):
            yield option
        elif isinstance(option, External) and option.arguments is not None and option.name in _CONVERTING:
            yield from _constants(option.arguments.get("s", 0) or NONE, digests)
        elif isinstance(option, External) and option.parent is not None and option.name in _DECODED:
            yield from _constants(option.parent, digests)
        elif isinstance(option, External) and digests and _DIGESTED.match(option.name):
            made = option
            while made.parent is not None and not (made.arguments is not None and made.arguments.positional):
                made = made.parent
            yield from _constants((made.arguments.get("string", 0) if made.arguments is not None else None) or NONE)
        elif isinstance(option, Instance) and "value" in option.attributes and _is_enumeration(option.cls):
            yield from _constants(option.attributes["value"], digests)
        elif isinstance(option, Collection):
            yield from (each for item in option.items for each in _constants(item, digests))
        elif isinstance(option, Mapping) and option.get("kty") is not None:
            yield from _constants(option.get("k") or NONE, digests)


def _is_enumeration(cls: Class | External) -> bool:
    return isinstance(cls, Class) and any(base.startswith("enum.") for base in cls.external_bases())
