"""What a parameter presents as a credential by how FastAPI fills it: from a security scheme, or from a named header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import (
    NONE,
    Class,
    External,
    Function,
    Instance,
    options,
    string,
)
from fastapi_seclint.subjects.secrets.names import kind_of, word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SCHEMES = {"APIKey": "API key", "HTTPBearer": "token", "OAuth2": "token", "OpenId": "token", "HTTPDigest": "token"}
_NAMED = {"token": "token", "key": "API key", "apikey": "API key", "secret": "secret"}
_NO_SECRET = word_set("idempotency cache sort page partition public csrf continuation next cursor")
_DESCRIBING = word_set(
    "type id version name language lang locale platform device agent tenant organization organisation org workspace "
    "project region environment mode format source origin host timezone"
)
"""Last words of a header that says something about the caller and proves nothing: `X-Client-Type`, `X-Tenant-Id`."""


def presented(program: Program, function: Function, name: str) -> str:
    """What kind of secret FastAPI puts into a parameter, empty where its place does not say.

    `name: str = Security(APIKeyHeader(...))` is an API key whatever it is called, `x_hook_token` of a header a token.
    """
    for parameter in parameters(function):
        if parameter.name == name:
            return _of_scheme(program, parameter) or _of_header(program, parameter) or _of_alias(program, parameter)
    return _of_base(function, name) or _of_choice(program, function, name)


def _of_choice(program: Program, function: Function, name: str) -> str:
    """What a name holds that is given one parameter or another: `key = by_header or by_query`."""
    given = [form[3] for form in function.forms.of("assign") if any(one[2:] == [name] for one in form[2])]
    taken = {parameter.name for parameter in parameters(function)}
    for value in given if len(given) == 1 else ():
        if value[0] == "bool" and value[2] == "or" and all(item[0] == "name" and item[2] in taken for item in value[3]):
            kinds = {presented(program, function, item[2]) for item in value[3]}
            return kinds.pop() if len(kinds) == 1 else ""
    return ""


def _of_base(function: Function, name: str) -> str:
    """What a scheme finds for a class that is built on it: `key = await super().__call__(request)`."""
    if function.owner is None or function.name != "__call__":
        return ""
    for form in function.forms.of("assign", "walrus"):
        targets, value = (form[2], form[3]) if form[0] == "assign" else ([form[2]], form[3])
        while value[0] == "await":
            value = value[2]
        match value:
            case ["call", _, ["attr", _, ["call", _, ["name", _, "super"], *_], "__call__"], *_]:
                if any(target[0] == "name" and target[2] == name for target in targets):
                    names = [_last(base) for base in function.owner.external_bases()]
                    found = (kind for base in names for start, kind in _SCHEMES.items() if base.startswith(start))
                    return next(found, "")
    return ""


def query_alias(program: Program, function: Function, name: str) -> Parameter | None:
    """The parameter of a name, when it is taken from the query under another name, which is an API key's."""
    found = [parameter for parameter in parameters(function) if parameter.name == name]
    return found[0] if found and _of_alias(program, found[0], "Query") else None


def _of_alias(program: Program, parameter: Parameter, *places: str) -> str:
    """What kind of secret the header, cookie or field of the query is called: `Header(alias="X-API-Key")`."""
    for option in _marks(program, parameter):
        alias = string(option.arguments.get("alias") or NONE) if option.arguments is not None else None
        if alias and not alias.startswith("hub.") and _last(option.name) in (places or ("Header", "Cookie", "Query")):
            return kind_of(alias)
    return ""


def _of_scheme(program: Program, parameter: Parameter) -> str:
    pair = program.walker.resolver.dependency_of(parameter)
    for option in options(pair[1]) if pair is not None else ():
        scheme = scheme_of(option)
        if scheme is not None:
            if _only_describes(scheme):
                return ""
            names = [_last(name) for name in _names(scheme)]
            return next((kind for name in names for start, kind in _SCHEMES.items() if name.startswith(start)), "")
    return ""


def _only_describes(scheme: External | Instance) -> bool:
    """Whether a scheme reads a header that is no credential: `APIKeyHeader(name="X-Client-Type")`."""
    given = scheme.arguments.get("name") if isinstance(scheme, External) and scheme.arguments is not None else None
    return bool(_DESCRIBING & set(words_of(string(given) or "")[-1:]))


def _names(scheme: External | Instance) -> list[str]:
    if isinstance(scheme, External):
        return [scheme.name]
    return scheme.cls.external_bases() if isinstance(scheme.cls, Class) else []


def _last(name: str) -> str:
    return name.removesuffix("()").rpartition(".")[2]


def _of_header(program: Program, parameter: Parameter) -> str:
    words = words_of(parameter.name)
    if len(words) < 2 or _NO_SECRET & set(words[:-1]) or not _is_header(program, parameter):
        return ""
    return _NAMED.get(words[-1], "")


def from_header(program: Program, function: Function, name: str) -> bool:
    """Whether a parameter of a function is filled from a header or a cookie, whatever it is called."""
    return any(parameter.name == name and _is_header(program, parameter) for parameter in parameters(function))


def _is_header(program: Program, parameter: Parameter) -> bool:
    return any(_last(option.name) in ("Header", "Cookie") for option in _marks(program, parameter))


def _marks(program: Program, parameter: Parameter) -> Iterator[External]:
    """What FastAPI offers to say where a parameter comes from: `Header(...)`, as default or in `Annotated`."""
    for mark in program.walker.resolver.marks(parameter):
        if isinstance(mark, External) and mark.name.startswith("fastapi."):
            yield mark
