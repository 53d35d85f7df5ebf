"""What a handler does with the password that it is sent, whatever the route is called: it hashes or verifies it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Const, External, Function, Value
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.passwords.followed import passwords
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 2
_CODE = re.compile(
    r"^((user|email|phone|sms|input|entered)_)?(otp|totp|one_time_(code|password)|(verification|confirmation)_code|pin)"
    r"(_?code)?$"
)
_REDIRECTS = frozenset(
    {"authorize_redirect", "create_authorization_url", "get_authorization_url", "get_login_redirect"}
)
"""How libraries of OAuth send people to the provider where they log in (Authlib, httpx-oauth, fastapi-sso)."""


def hands_over(handler: Function) -> bool:
    """Whether a handler only sends people to a provider, where they log in: there is nothing to guess here."""
    sends = any(last_name(call[2]) in _REDIRECTS for call in handler.forms.of("call"))
    return sends and not any(form[-1] in ("form", "json", "body") for form in handler.forms.of("attr"))


def by_work(program: Program, handler: Function) -> Literal["login", "registration"] | None:
    """A login verifies a password, a registration hashes one (guide, section 2); None for what does neither.

    The services that a handler calls work for it. Whoever is given a token for a new password has registered, too,
    where that is kept as it is.
    """
    known = passwords(program)
    bodies = (body_of(program, function) for function in reached(program, handler, _DEPTH))
    blocks = [block for block in bodies if block is not None]
    if any(known.is_verification(block, call) for block in blocks for call in block.forms.of("call")):
        return "login"
    makes = any(_MAKES_TOKEN.match(last_name(call[2])) for call in handler.forms.of("call"))
    return "registration" if makes or any(map(known.hashes, blocks)) else None


_MAKES_TOKEN = re.compile(r"^(create|generate|make|issue|encode|sign)_((access|jwt|auth|user)_)?(jwt|tokens?)(_pair)?$")


def asks_for_refresh_token(handler: Function) -> bool:
    """Whether a handler itself asks a library for the refresh token: AuthJWT's `jwt_refresh_token_required()`.

    Source: fastapi_jwt_auth 0.5 and its successors, whose `jwt_required(refresh=True)` is the newer name.
    """
    for form in handler.forms.of("call"):
        name = form[2][3] if form[2][0] == "attr" else ""
        if name == "jwt_refresh_token_required":
            return True
        if name == "jwt_required" and any(key == "refresh" and value[2:] == [True] for key, value, _ in form[4]):
            return True
    return False


_RENEWING = re.compile(r"refresh", re.I)


def brings_refresh_token(route: Route) -> bool:
    """Whether a route's way takes a refresh token out of the request: a cookie, a header, a scheme or a parameter."""
    functions = [route.function] if route.function is not None else []
    for node in route.nodes():
        if _is_scheme_of_renewal(node.call) or any(_RENEWING.search(item.name) for item in parameters(node.call)):
            return True
        functions += [node.function] if node.function is not None else []
    return any(_takes_out(form) for function in functions for form in function.forms.of("call", "sub"))


def _is_scheme_of_renewal(value: Value) -> bool:
    """Whether a scheme is a key of that name: `APIKeyCookie(name="refresh_token")`."""
    if not isinstance(value, External) or not value.name.startswith("fastapi.security.") or value.arguments is None:
        return False
    return any(
        isinstance(given, Const) and isinstance(given.value, str) and _RENEWING.search(given.value) is not None
        for given in value.arguments.keywords.values()
    )


def _takes_out(form: Form) -> bool:
    """Whether an expression reads it: `request.cookies.get("refresh_token")`, `request.cookies[REFRESH_COOKIE]`."""
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, "cookies" | "headers"], "get"], [key, *_], _]:
            pass
        case ["sub", _, ["attr", _, _, "cookies" | "headers"], key]:
            pass
        case _:
            return False
    return any(isinstance(item[-1], str) and _RENEWING.search(item[-1]) for item in walk(key))


_ADDRESS = re.compile(r"(^|_)(e?mail(_address)?|user_?name|phone(_number)?)$")


def brings_code(names: Iterable[str]) -> bool:
    """Whether a link brings an address and its code, and no password: `GET /auth/magic?email=...&code=...`."""
    sent = set(names)
    coded = "code" in sent or any(map(is_code, sent))
    return coded and any(map(_ADDRESS.search, sent)) and not any("password" in name for name in sent)


def is_code(name: str) -> bool:
    """Whether a field is a code of few digits that was sent to somebody."""
    return _CODE.match(name) is not None
