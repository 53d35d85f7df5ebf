"""Where written texts end up as keys and passwords: token libraries, session middleware, signers, comparisons, logins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.values import Collection, Const, External, Value, options
from fastapi_seclint.spans import Location

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Use:
    """A place that needs a secret: of which kind, as what, and where."""

    kind: str
    what: str
    location: Location


_SIGNING, _PASSWORD = "signing key", "password"
# Library symbol: parameter, position, kind, words for people.
_SINKS: dict[str, tuple[str, int, str, str]] = {
    **dict.fromkeys(("jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode", "jwt.api_jwt.encode",
                     "jwt.api_jwt.decode", "jose.jws.sign", "jose.jws.verify", "jwt.PyJWT().encode", "jwt.PyJWT().decode"),
                    ("key", 1, _SIGNING, "the key that tokens are signed with")),
    "authlib.jose.jwt.encode": ("key", 2, _SIGNING, "the key that tokens are signed with"),
    "authlib.jose.jwt.decode": ("key", 1, _SIGNING, "the key that tokens are signed with"),
    **dict.fromkeys(("itsdangerous.URLSafeTimedSerializer", "itsdangerous.URLSafeSerializer", "itsdangerous.Serializer",
                     "itsdangerous.TimedSerializer", "itsdangerous.Signer", "itsdangerous.TimestampSigner",
                     "itsdangerous.url_safe.URLSafeTimedSerializer"),
                    ("secret_key", 0, _SIGNING, "the key of a signer")),
    "cryptography.fernet.Fernet": ("key", 0, _SIGNING, "an encryption key"),
    "hmac.new": ("key", 0, _SIGNING, "the key of a signature"),
    "starlette.middleware.sessions.SessionMiddleware": ("secret_key", 1, _SIGNING, "the key of session cookies"),
    "fastapi_users.authentication.JWTStrategy": ("secret", 0, _SIGNING, "the key that tokens are signed with"),
    **dict.fromkeys(("psycopg2.connect", "psycopg.connect", "asyncpg.connect", "asyncpg.create_pool", "pymysql.connect",
                     "MySQLdb.connect", "mysql.connector.connect", "aiomysql.create_pool", "aiomysql.connect",
                     "redis.Redis", "redis.asyncio.Redis", "redis.StrictRedis", "sqlalchemy.engine.URL.create",
                     "sqlalchemy.URL.create"),
                    ("password", 99, _PASSWORD, "a database password")),
    **dict.fromkeys(("smtplib.SMTP().login", "smtplib.SMTP_SSL().login"), ("password", 1, _PASSWORD, "a mail password")),
}  # fmt: skip
_COMPARERS = ("hmac.compare_digest", "secrets.compare_digest")
_SESSIONS = "starlette.middleware.sessions.SessionMiddleware"


def uses(program: Program) -> dict[str, dict[int, Use]]:
    """By file and packed place of the literal: how it is used."""
    found: dict[str, dict[int, Use]] = {}
    for call, form, kind, what in _sinks(program):
        use = Use(kind, what, call.block.location(form))
        for literal in _constants(call.ask(form)):
            if literal.place is not None:
                found.setdefault(literal.place.module.file, {}).setdefault(literal.place.at, use)
    return found


def _sinks(program: Program) -> Iterator[tuple[Call, Form, str, str]]:
    for call in program.sites.calls(*_SINKS):
        name, position, kind, what = _SINKS[call.name]
        given = call.argument(name, position)
        if given is not None:
            yield call, given.form, kind, what
    for call in program.sites.calls(*_COMPARERS):
        for form in call.form[3]:
            yield call, form, "secret", "what a caller has to know"
    for block in program.sites.blocks(frozenset({"SessionMiddleware"})):
        for form in walk(block.statements):
            call = Call(block, form, "", program.interpreter)
            if form[0] == "call" and form[3] and _is_sessions(call, form[3][0]):
                given = call.argument("secret_key", 1)
                if given is not None:
                    yield call, given.form, _SIGNING, "the key of session cookies"


def _is_sessions(call: Call, form: Form) -> bool:
    if form[0] not in ("name", "attr"):
        return False
    return any(isinstance(option, External) and option.name == _SESSIONS for option in options(call.ask(form)))


def _constants(value: Value) -> Iterator[Const]:
    for option in options(value):
        if isinstance(option, Const) and isinstance(option.value, str | bytes):
            yield option
        elif isinstance(option, Collection):
            yield from (item for item in option.items if isinstance(item, Const) and isinstance(item.value, str | bytes))
