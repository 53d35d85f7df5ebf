"""What the client of a route sends: the names of its parameters and of the fields of its models and forms."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, options
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.body_keys import read_keys
from fastapi_seclint.subjects.guards.entrances import is_login_form
from fastapi_seclint.subjects.passwords.names import FOREIGN

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.callables import Parameter


_PASSWORD = re.compile(
    r"^(user_?|plain_?|raw_?|new_?|login_?|hashed_?)?(password\d?|passwd|pwd|passphrase)$|^password_?hash$", re.I
)
"""A field for the hash that a client fills is a password all the same: the handler hashes what comes in it."""
_FOREIGN = re.compile(rf"^(?!clave_){FOREIGN}(_\w+)?$", re.I)


@lru_cache(maxsize=16_384)
def spoken(name: str) -> str:
    """A path segment or a name in one form: `signIn`, `sign-in` and `sign_in` are `sign_in`."""
    return re.sub(r"[^a-z0-9]+", "_", snake(name)).strip("_")


def sent(program: Program, route: Route) -> list[str]:
    """The names of what a client sends, without those that the project gives the models which take it."""
    return fields(program, route, models=False)


def fields(program: Program, route: Route, *, models: bool = True) -> list[str]:
    """The names of what a client sends: the handler's parameters, the fields of their classes and of forms."""
    found: list[str] = []
    if route.endpoint is not None:
        for parameter in parameters(route.endpoint):
            if program.walker.resolver.dependency_of(parameter) is None:
                names = list(access.names_in(program, parameter))
                found += names if models else _without_model(program, parameter, names)
        found += read_keys(program, route)
    schemes = [node.call for node in route.nodes() if isinstance(node.call, External) and not is_login_form(node.call)]
    basic = [scheme for scheme in schemes if scheme.name.startswith("fastapi.security.")]
    for node in route.nodes():
        if is_login_form(node.call) or (basic == [node.call] and "HTTPBasic" in basic[0].name):
            found += ["username", "password"]
        elif isinstance(node.call, Class):
            found += [parameter.name for parameter in parameters(node.call)]
        elif node.function is not None:
            given = [name for parameter in parameters(node.call) for name in access.names_in(program, parameter)]
            found += [name for name in given if is_password(name)]
    return found


def _without_model(program: Program, parameter: Parameter, names: list[str]) -> list[str]:
    """The fields of a model without the parameter that it comes in; nothing for the request itself."""
    plain = program.walker.resolver.type_of(parameter)
    kinds = [item.name for item in options(plain) if isinstance(item, External)]
    own = any(name.startswith(("fastapi.", "starlette.")) for name in kinds)
    return [] if own else names if len(names) == 1 else names[1:]


def is_password(name: str) -> bool:
    """Whether a field or parameter of a name is a password, in one of several languages."""
    return _PASSWORD.match(name) is not None or _FOREIGN.match(name) is not None


def takes_password(program: Program, route: Route) -> bool:
    """Whether a client sends a password."""
    return any(is_password(name) for name in fields(program, route))
