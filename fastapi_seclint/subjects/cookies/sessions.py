"""Which cookies are a key to an account: tokens and sessions, by their name, by what they hold, by who sets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.languages import english
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import Collection, Const, Value, iterate, settled
from fastapi_seclint.subjects.code.items import items
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.origins import ask, body_of, called, origins
from fastapi_seclint.subjects.leaks.made_tokens import is_signed_token

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

POSITIONS = ("key", "value", "max_age", "expires", "path", "domain", "secure", "httponly", "samesite")
"""The parameters of Starlette's `Response.set_cookie`, in order. Defaults: secure and httponly off, samesite lax."""

_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SECRET = frozenset(
    {"token", "tokens", "jwt", "session", "sess", "sessionid", "sessid", "sid", "ssid", "auth", "authorization",
     "authentication", "authtoken", "accesstoken", "refreshtoken", "bearer", "credential", "credentials", "remember",
     "rememberme", "apikey", "jwttoken", "sitzung", "sesion", "sessao", "sessione"}
)  # fmt: skip
_HARMLESS = frozenset(
    {"csrf", "xsrf", "csrftoken", "xsrftoken", "type", "expires", "expired", "expiry", "expire", "exp", "ttl", "age",
     "theme", "lang", "language", "locale", "method", "provider", "hint", "state", "next", "redirect", "url", "is",
     "has", "count", "status", "consent", "flash", "message", "error", "name", "username", "email", "timezone"}
)  # fmt: skip
_FORGERY = re.compile(r"csrf|xsrf", re.I)
_IDENTITY = frozenset({"id", "key", "uuid", "hex", "value", "token"})
_MARKS = ("", "true", "false", "1", "0", "none", "on", "off", "yes", "no")


def words(name: str) -> frozenset[str]:
    """The words of an identifier or cookie name, in lower case."""
    return frozenset(word.lower() for word in _SPLIT.split(name) if word)


def names_secret(name: str) -> bool:
    """Whether a cookie of this name is a token or a session."""
    found = words(name)
    return _secret(found) and not found & _HARMLESS


def _given(program: Program, call: Call, name: str) -> tuple[Block, Form] | None:
    """The expression given for a parameter, in the call, in a dictionary that it spreads, or by who made its parts."""
    given = call.argument(name, POSITIONS.index(name))
    if given is not None:
        return next(_handed_back(program, call.block, given.form), (call.block, given.form))
    for spread in call.spread:
        for item in items(program, call.block, spread, name):
            return item.block, item.form
    return None


def _handed_back(program: Program, block: Block, form: Form) -> Iterator[tuple[Block, Form]]:
    """What a function of the project gives under a key: `made["cookie"]`, where `made = await log_in(...)`."""
    match form:
        case ["sub", _, ["name", _, name], ["const", _, str() as key]] if isinstance(block.scope, FunctionScope):
            values = [item[3] for item in block.scope.assignments(name) if item[0] == "assign"]
        case _:
            return
    for value in values:
        call = value[2] if value[0] == "await" else value
        for function, _ in called(program, block, call) if call[0] == "call" else ():
            inside = body_of(program, function)
            for returned in inside.forms.of("return") if inside is not None else ():
                pairs = returned[2][2] if returned[2] is not None and returned[2][0] == "dict" else []
                yield from ((inside, item) for at, item in pairs if at is not None and at[2:] == [key] and inside)


def is_removed(program: Program, call: Call) -> bool:
    """Whether the call takes the cookie away, or sets a mark that is no secret."""
    value = _given(program, call, "value")
    if value is None or (value[1][0] == "const" and str(value[1][2]).lower() in _MARKS):
        return True
    ages = [given[1] for name in ("max_age", "expires") if (given := _given(program, call, name)) is not None]
    return any(_is_over(form) for form in ages)


def _is_over(age: Form) -> bool:
    """Whether a cookie of this age is gone at once: 0, 1 or any negative number of seconds."""
    match age:
        case ["unary", _, "-", ["const", _, int() | float()]]:
            return True
        case ["const" | "unary", *_]:
            return age[-1] in (0, 1) and age[-1] is not True
    return False


def is_secret(program: Program, call: Call) -> bool:
    """Whether a cookie is a token or a session, by its name, by what it holds, or by the helper that sets it."""
    owner = call.block.function.owner if call.block.function is not None else None
    if owner is not None and _FORGERY.search(owner.name):
        return False
    key, value = _given(program, call, "key"), _given(program, call, "value")
    texts = list(_texts(program, *key)) if key is not None else []
    named = [words(text) for text in [*texts, *_identifiers(key[1] if key is not None else None)]]
    if any(found & _HARMLESS - {"name", "is", "has"} or found & {"is", "has"} for found in named):
        return False
    if any(_secret(found) for found in named):
        return True
    if value is not None and any(_is_secret_value(found) for found in _values(program, *value)):
        return True
    if value is not None and is_signed_token(program, *value):
        return True
    if any(_says_who_it_is(text) and _is_read(program, text) for text in texts):
        return True
    function = call.block.function
    return not texts and function is not None and "cookie" in function.name and _secret(words(function.name))


_WHO = re.compile(r"^(current_|logged_in_)?((user|account|member|admin|customer|employee)_?(id|role|uuid)|uid|role)$")


def _says_who_it_is(name: str) -> bool:
    """Whether a cookie of this name says who somebody is or what he may do: `user_id`, `user_role`."""
    return _WHO.match(english("_".join(word.lower() for word in _SPLIT.split(name) if word))) is not None


def _is_read(program: Program, name: str) -> bool:
    """Whether a request is asked for a cookie of this name, or a parameter is one."""
    for block in program.sites.blocks(frozenset({"cookies", "Cookie"})):
        taken = [item[2:4] for item in block.function.parameters if item[0] == name] if block.function else []
        if "Cookie" in names_in(taken):
            return True
        for form in block.forms.of("call", "sub"):
            match form:
                case ["call", _, ["attr", _, ["attr", _, _, "cookies"], "get"], [["const", _, str(read)], *_], _] | [
                    "sub",
                    _,
                    ["attr", _, _, "cookies"],
                    ["const", _, str(read)],
                ] if read == name:
                    return True
    return False


def only_renews(program: Program, call: Call) -> bool:
    """Whether a cookie is a refresh token: it opens no route, and a strange page that sends it reads no answer."""
    key, value = _given(program, call, "key"), _given(program, call, "value")
    texts = [words(text) for text in _texts(program, *key)] if key is not None else []
    if texts:
        return all(found & {"refresh", "refreshtoken"} for found in texts)
    return value is not None and any(words(chain[-1]) & {"refresh"} for chain in _values(program, *value))


def _secret(found: frozenset[str]) -> bool:
    if found in (frozenset({"access"}), frozenset({"refresh"})):
        return True
    return bool(found & _SECRET) or {"access", "key"} <= found or {"api", "key"} <= found


def _is_secret_value(chain: list[str]) -> bool:
    last = words(chain[-1])
    if last & _HARMLESS:
        return False
    return _secret(last) or (bool(last & _IDENTITY) and len(chain) > 1 and _secret(words(chain[-2])))


def _texts(program: Program, block: Block, key: Form) -> Iterator[str]:
    if key[0] == "name":
        iterables = [iterable for iterable, _ in loops(block, key[2])]
        yield from (str(item[2]) for item in walk(iterables) if item[0] == "const" and isinstance(item[2], str))
        yield from (word for iterable in iterables for word in _identifiers(iterable) if _secret(words(word)))
        yield from (text for iterable in iterables for text in _names_in(ask(program, block, iterable)))
    for origin in origins(program, block, key):
        value = origin.value if origin.value is not None else ask(program, origin.block, origin.form)
        for known in settled(value):
            if isinstance(known, Const) and isinstance(known.value, str):
                yield known.value


def _names_in(value: Value) -> Iterator[str]:
    """The texts that a loop goes through, or the first of each pair."""
    for item in iterate(value) or ():
        first = item.items[0] if isinstance(item, Collection) and item.items else item
        if isinstance(first, Const) and isinstance(first.value, str):
            yield first.value


def _values(program: Program, block: Block, form: Form) -> Iterator[list[str]]:
    """The names that a value is made of, and those that a local name was made of."""
    yield from _chains(form)
    if form[0] == "name":
        for origin in origins(program, block, form):
            if origin.elsewhere and origin.form[0] in ("call", "await", "attr"):
                yield from _chains(origin.form)


def _identifiers(form: Form | None) -> Iterator[str]:
    for item in walk([form] if form is not None else []):
        if item[0] in ("name", "attr"):
            yield item[-1]


def _chains(form: Form) -> Iterator[list[str]]:
    """The dotted names, keys and called functions that a value is made of."""
    match form:
        case ["name", _, name]:
            yield [name]
        case ["attr", _, owner, name]:
            yield [*next(_chains(owner), []), name]
        case ["sub", _, owner, ["const", _, str() as key]]:
            yield [*next(_chains(owner), []), key]
        case ["call", _, ["attr", _, owner, "decode" | "encode" | "hex"], *_] | ["await", _, owner]:
            yield from _chains(owner)
        case ["call", _, ["name", _, "str"], [inner], *_]:
            yield from _chains(inner)
        case ["call", _, function, *_]:
            yield from _chains(function)
        case ["fstr", _, parts]:
            for part in parts:
                if part[0] == "fmt":
                    yield from _chains(part[2])
        case ["bool", _, _, values]:
            for value in values:
                yield from _chains(value)
