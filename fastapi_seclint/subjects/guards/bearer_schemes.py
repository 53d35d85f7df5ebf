"""Which dependencies want bearer or Basic credentials: those of FastAPI, of AuthX, and the project's own readers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import (
    Class,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Value,
    constant,
    options,
)
from fastapi_seclint.subjects.code.origins import ask, body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Scheme = Literal["Bearer", "Basic"]

_BEARER = re.compile(
    r"^fastapi\.security\.\w+\.(OAuth2\w*|HTTPBearer|OpenIdConnect)$|^fastapi_jwt\.(\w+\.)?Jwt(Access|Refresh)Bearer\w*$"
)
_AUTHX = re.compile(
    r"^authx\.(main\.)?AuthX\(\)\.((access|refresh|fresh)_token_required|(ACCESS|REFRESH|FRESH)_REQUIRED|token_required\(\)"
    r"|scopes_required\(\)|get_current_subject)$"
)
_TAKES = re.compile(r"^authx\.(main\.)?AuthX\(\)\._?(get_(\w+_)?token_from_request|auth_required)$")
"""The methods of AuthX by which a function takes the token out of a request itself (authx/main.py)."""
_NAMED = re.compile(r"token_from_request$|^_auth_required$")
JWT_AUTH = re.compile(r"^(async_|another_)?fastapi_(another_)?jwt_auth\.(\w+\.)?AuthJWT(Bearer\(\))?$")
_SPLITTING = ("split", "rsplit", "partition", "rpartition")
_BASIC = "fastapi.security.http.HTTPBasic"


def scheme_kind(value: Value) -> Scheme | None:
    """Whether a dependency is a bearer or Basic scheme of FastAPI."""
    owner = value.cls if isinstance(value, Instance) else value
    names = owner.external_bases() if isinstance(owner, Class) else [owner.name] if isinstance(owner, External) else []
    for name in names:
        plain = name.removesuffix("()")
        if plain == _BASIC:
            return "Basic"
        if _BEARER.match(plain) and "RequestForm" not in plain:
            return "Bearer"
    if isinstance(value, External) and _AUTHX.match(value.name) and not _by_cookie(value):
        return "Bearer"
    return None


def wanted_scheme(program: Program, value: Value) -> Scheme | None:
    """Whether a dependency wants bearer or Basic credentials: a scheme, or the `AuthJWT` of fastapi-jwt-auth.

    That one takes its tokens out of the header unless `authjwt_token_location` says otherwise.
    """
    kind = scheme_kind(value)
    if kind is None and isinstance(value, External) and JWT_AUTH.match(value.name):
        modules = program.modules.by_file.values()
        return None if any("authjwt_token_location" in module.facts.words for module in modules) else "Bearer"
    return kind


def _by_cookie(value: External) -> bool:
    """Whether AuthX is told to take its tokens from elsewhere than the header, which is its default."""
    maker = value
    while maker.parent is not None and not maker.name.endswith("AuthX()"):
        maker = maker.parent
    given = maker.arguments.get("config", 0) if maker.arguments is not None else None
    for config in options(given):
        if not isinstance(config, External):
            continue
        told = config.arguments.get("JWT_TOKEN_LOCATION") if config.arguments is not None else None
        told = (config.attributes or {}).get("JWT_TOKEN_LOCATION", told)
        for place in options(told):
            items = place.items if isinstance(place, Collection) else []
            return not any(isinstance(item, Const) and item.value == "headers" for item in items)
    return False


def takes_bearer(program: Program, function: Function) -> bool:
    """Whether a function has AuthX take the token out of the header of a request that it hands over."""
    if not function.module.facts.words & {"request", "Request"}:
        return False
    block = body_of(program, function)
    calls = block.forms.of("call") if block is not None else ()
    named = [form[2] for form in calls if form[2][0] == "attr" and _NAMED.search(form[2][3])]
    asked = (one for form in named if block is not None for one in options(ask(program, block, form)))
    return any(isinstance(one, External) and _TAKES.match(one.name) and not _by_cookie(one) for one in asked)


def reads_bearer(function: Function, *schemes: Value) -> bool:
    """Whether a dependency takes a bearer token out of the header itself, or out of what one of its schemes read."""
    sent = {id(key) for form in function.forms.of("dict") for key, _ in form[2]}  # headers of a request to others
    texts = [form for form in function.forms.of("const") if isinstance(form[2], str)]
    words = {form[2].strip().lower() for form in texts if id(form) not in sent}
    named = any(item[0] == "authorization" for item in function.parameters) or "authorization" in words
    bearer = any(word == "bearer" or word.startswith("bearer ") for word in words)
    return (named or any(map(_reads_authorization, schemes))) and (bearer or _splits(function, words))


def _splits(function: Function, words: set[str]) -> bool:
    """Whether a function takes what stands behind the scheme's name, whichever that is: `authorization.split()[1]`."""
    held = {"authorization", *(name for form in function.forms.of("assign") for name in _kept(form))}
    parts = [form[2][2] for form in function.forms.of("call") if form[2][0] == "attr" and form[2][3] in _SPLITTING]
    return "basic" not in words and any(_is_header(part) or (part[0] == "name" and part[2] in held) for part in parts)


def _kept(form: Form) -> list[str]:
    """The names that an assignment gives the whole header to: `header = request.headers.get("Authorization")`."""
    return [target[2] for target in form[2] if target[0] == "name"] if _is_header(form[3]) else []


def _is_header(form: Form) -> bool:
    match form:
        case ["call", _, ["attr", _, _, "get"], [["const", _, str(name)], *_], _]:
            return name.lower() == "authorization"
        case ["sub", _, _, ["const", _, str(name)]]:
            return name.lower() == "authorization"
    return False


def reads_own_header(value: Value) -> bool:
    """Whether a scheme takes a key from elsewhere than `Authorization`: `APIKeyHeader(name="X-API-Key")`."""
    scheme = scheme_of(value)
    name = scheme.name if isinstance(scheme, External) else ""
    return name.startswith("fastapi.security.api_key.") and not _reads_authorization(value)


def _reads_authorization(value: Value) -> bool:
    """Whether a scheme gives the whole header: `APIKeyHeader(name="Authorization")`."""
    scheme = scheme_of(value)
    given = scheme.arguments.keywords.get("name") if scheme is not None and scheme.arguments is not None else None
    return str(constant(given)).lower() == "authorization"
