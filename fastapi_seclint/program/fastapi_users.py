"""What fastapi-users makes: the guard of `current_user()` with its sub-dependencies, and its routers.

Source: fastapi_users/authentication/authenticator.py and fastapi_users/router/ of fastapi-users 10 to 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import Registration, Router
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Const,
    Dependency,
    External,
    Instance,
    Place,
    Value,
    iterate,
    options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi_seclint.program.interpreter import Interpreter

_USERS = "fastapi_users."
_GUARDS = ("current_user", "current_user_token")
_AUTHENTICATOR = "fastapi_users.authentication.authenticator.Authenticator"
_SCHEMES = {
    "BearerTransport": "fastapi.security.oauth2.OAuth2PasswordBearer()",
    "CookieTransport": "fastapi.security.api_key.APIKeyCookie()",
}
_KEPT = ("name", "transport", "get_strategy")
_FORM = "fastapi.security.oauth2.OAuth2PasswordRequestForm"
_CALLBACK = "httpx_oauth.integrations.fastapi.OAuth2AuthorizeCallback()"

_Row = tuple[str, str, str, tuple[str, ...]]
_ROUTERS: dict[str, tuple[str, tuple[_Row, ...]]] = {
    "get_register_router": ("register", (("POST", "/register", "register", ("manager",)),)),
    "get_reset_password_router": (
        "reset",
        (
            ("POST", "/forgot-password", "forgot_password", ("manager",)),
            ("POST", "/reset-password", "reset_password", ("manager",)),
        ),
    ),
    "get_verify_router": (
        "verify",
        (
            ("POST", "/request-verify-token", "request_verify_token", ("manager",)),
            ("POST", "/verify", "verify", ("manager",)),
        ),
    ),
    "get_auth_router": (
        "auth",
        (
            ("POST", "/login", "login", ("form", "manager", "strategy")),
            ("POST", "/logout", "logout", ("token", "strategy")),
        ),
    ),
    "get_oauth_router": (
        "oauth",
        (
            ("GET", "/authorize", "authorize", ()),
            ("GET", "/callback", "callback", ("callback", "manager", "strategy")),
        ),
    ),
    "get_oauth_associate_router": (
        "oauth",
        (
            ("GET", "/authorize", "authorize", ("user",)),
            ("GET", "/callback", "callback", ("user", "callback", "manager")),
        ),
    ),
    "get_users_router": (
        "users",
        (
            ("GET", "/me", "me", ("user",)),
            ("PATCH", "/me", "update_me", ("user", "manager")),
            ("GET", "/{id}", "get_user", ("superuser", "manager")),
            ("PATCH", "/{id}", "update_user", ("superuser", "manager")),
            ("DELETE", "/{id}", "delete_user", ("superuser", "manager")),
        ),
    ),
}
"""Method -> module of fastapi_users.router, and its routes: method, path, handler, dependencies."""


def guard(interpreter: Interpreter, value: Value) -> tuple[str, list[Dependency]] | None:
    """The run-time name and the sub-dependencies of a guard that fastapi-users made, or None for anything else."""
    if not isinstance(value, External) or not value.name.startswith(_USERS) or not value.called:
        return None
    method = value.name.removesuffix("()").rpartition(".")[2]
    if method not in _GUARDS:
        return None
    place = value.place
    needed: list[Value] = []
    manager, backends = _set_up(value)
    if manager is not None:
        needed.append(manager)
    for backend in backends:
        needed += [part for part in (_scheme(interpreter, backend), _strategy(backend)) if part is not None]
    enabled = value.arguments.get("get_enabled_backends", 4) if value.arguments is not None else None
    if enabled is not None and not isinstance(enabled, Const):
        needed.append(enabled)
    name = f"{_AUTHENTICATOR}.{method}.<locals>.{method}_dependency"
    return name, [Dependency(part, None, Arguments(), place) for part in needed]


def always_finds(value: External) -> bool:
    """Whether a value is a guard of fastapi-users that refuses strangers: `optional=True` is not said."""
    if not value.name.startswith(_USERS) or value.name.removesuffix("()").rpartition(".")[2] not in _GUARDS:
        return False
    optional = value.arguments.get("optional", 0) if value.called and value.arguments is not None else Const(True)
    return optional is None or (isinstance(optional, Const) and optional.value is False)


def router(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Instance | None:
    """The router that a method of `FastAPIUsers` gives, or None when the call is another one."""
    method = function.name.rpartition(".")[2]
    if method not in _ROUTERS or not function.name.startswith(_USERS):
        return None
    made = interpreter.made(place)
    if made is not None:
        return made
    instance = Instance(External(f"{function.name}()", arguments, function.parent, place), {}, arguments, None, place)
    found = Router("router", Arguments(), place, Const(""), Collection("list", []), instance)
    instance.native = found
    module, rows = _ROUTERS[method]
    backend = next((item for item in arguments.positional if _strategy(item) is not None), arguments.get("backend"))
    for verb, path, handler, needs in rows:
        needed = [part for need in needs if (part := _part(need, function, backend, place)) is not None]
        given = Collection("list", [Dependency(part, None, Arguments(), place) for part in needed])
        endpoint = External(f"fastapi_users.router.{module}.{method}.<locals>.{handler}", None, None, place)
        told = Arguments(keywords={"dependencies": given})
        entry = Registration(
            "http", Const(path), (verb,), endpoint, (), told, place, interpreter.uncertain > 0,
            tuple(interpreter.conditions),
        )  # fmt: skip
        found.entries.append(entry)
    interpreter.remember(place, instance)
    return instance


def _part(need: str, function: External, backend: Value | None, place: Place) -> Value | None:
    if need in ("user", "superuser", "token"):
        name = "current_user_token" if need == "token" else "current_user"
        keywords: dict[str, Value] = {"active": Const(True)}
        if need == "superuser":
            keywords["superuser"] = Const(True)
        base = function.name.rpartition(".")[0]
        authenticator = base if need != "token" else f"{base}.authenticator"
        return External(f"{authenticator}.{name}()", Arguments(keywords=keywords), function.parent, place)
    if need == "manager":
        return _set_up(function)[0]
    if need == "strategy":
        return _strategy(backend)
    return External(_FORM if need == "form" else _CALLBACK, Arguments() if need == "callback" else None, None, place)


def _set_up(value: External) -> tuple[Value | None, list[Value]]:
    """The user manager's dependency and the backends that the object behind a method was made with."""
    made: External | None = value
    while made is not None:
        if made.arguments is not None and made.name.endswith(("FastAPIUsers()", "Authenticator()")):
            first = made.name.endswith("FastAPIUsers()")
            manager = made.arguments.get("get_user_manager", 0 if first else 1)
            backends = made.arguments.get("auth_backends" if first else "backends", 1 if first else 0)
            return manager, [item for one in options(backends) for item in iterate(one) or []]
        made = made.parent
    return None, []


def _made_with(value: Value | None) -> Iterator[Arguments]:
    """The arguments that an authentication backend was made with."""
    for option in options(value):
        if not isinstance(option, External | Instance) or option.arguments is None:
            continue
        cls = option.cls if isinstance(option, Instance) else option
        names = cls.external_bases() if isinstance(cls, Class) else [cls.name.removesuffix("()")]
        if any(name.endswith("AuthenticationBackend") for name in names):
            yield option.arguments


def _strategy(backend: Value | None) -> Value | None:
    return next((found for given in _made_with(backend) if (found := given.get("get_strategy", 2)) is not None), None)


def given_to(backend: External, name: str) -> Value | None:
    """What an authentication backend was made with, which it keeps: `get_strategy=cookies.get_strategy`."""
    if backend.arguments is None or not backend.name.startswith(_USERS):
        return None
    if name not in _KEPT or not backend.name.endswith("AuthenticationBackend()"):
        return None
    return backend.arguments.get(name, _KEPT.index(name))


def _scheme(interpreter: Interpreter, backend: Value) -> Value | None:
    from fastapi_seclint.program.attributes import get_attribute

    for given in _made_with(backend):
        for transport in options(given.get("transport", 1)):
            place = transport.place if isinstance(transport, External | Instance) else None
            if place is None:
                continue
            scheme = next(options(get_attribute(interpreter, transport, "scheme", place)), None)
            if isinstance(scheme, External) and scheme.name.endswith(".scheme"):
                kind = scheme.name.removesuffix("().scheme").rpartition(".")[2]
                name = _SCHEMES.get(kind)
                quiet = Arguments(keywords={"auto_error": Const(False)})
                return External(name, quiet, None, place) if name is not None else None
            return scheme
    return None
