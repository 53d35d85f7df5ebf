"""What a parameter presents as a credential by how FastAPI fills it: from a security scheme, or from a named header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.dependencies import Parameter, parameters
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import Annotated, Class, External, Function, Instance, Value, options
from fastapi_seclint.subjects.secrets.names import word_set, words_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SCHEMES = {"APIKey": "API key", "HTTPBearer": "token", "OAuth2": "token", "OpenId": "token", "HTTPDigest": "token"}
_NAMED = {"token": "token", "key": "API key", "apikey": "API key", "secret": "secret"}
_NO_SECRET = word_set("idempotency cache sort page partition public csrf continuation next cursor")


def presented(program: Program, function: Function, name: str) -> str:
    """What kind of secret FastAPI puts into a parameter, empty where its place does not say.

    `name: str = Security(APIKeyHeader(...))` is an API key whatever it is called, `x_hook_token` of a header a token.
    """
    for parameter in parameters(function):
        if parameter.name == name:
            return _of_scheme(program, parameter) or _of_header(program, parameter)
    return ""


def _of_scheme(program: Program, parameter: Parameter) -> str:
    pair = program.walker.resolver.dependency_of(parameter)
    for option in options(pair[1]) if pair is not None else ():
        scheme = scheme_of(option)
        if scheme is not None:
            names = [_last(name) for name in _names(scheme)]
            return next((kind for name in names for start, kind in _SCHEMES.items() if name.startswith(start)), "")
    return ""


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


def _is_header(program: Program, parameter: Parameter) -> bool:
    annotation = program.walker.resolver.annotation(parameter)
    marks: list[Value | None] = [parameter.default]
    marks += annotation.metadata if isinstance(annotation, Annotated) else []
    return any(
        isinstance(option, External) and _last(option.name) == "Header" and option.name.startswith("fastapi.")
        for mark in marks
        for option in options(mark)
    )
