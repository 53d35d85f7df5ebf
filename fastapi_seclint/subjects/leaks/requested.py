"""What a name holds that came with the request or from the environment, for those who write it to a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Dependency, Environment, External, Value, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_COOKIE = "fastapi.security.api_key.APIKeyCookie"
_PARTS = frozenset({"removeprefix", "strip", "lstrip", "replace", "split", "partition", "rpartition", "rsplit"})
"""Methods of a text that leave the token in it, or in what they give."""


def is_session_cookie(program: Program, block: Block, name: str) -> bool:
    """Whether a parameter holds the cookie that a session is kept by: `session_id: Annotated[str, Cookie()]`.

    What FastAPI's scheme for cookies finds is one, too (fastapi/security/api_key.py).
    """
    if block.function is None or "session" not in words_of(name):
        return False
    for parameter in parameters(block.function):
        if parameter.name == name:
            return any(map(_is_cookie, program.walker.resolver.marks(parameter)))
    return False


def _is_cookie(mark: Value) -> bool:
    if isinstance(mark, External):
        return mark.name.endswith(".Cookie()")
    scheme = scheme_of(mark.call) if isinstance(mark, Dependency) and mark.call is not None else None
    return isinstance(scheme, External) and scheme.name.startswith(_COOKIE)


def is_of_scheme(program: Program, block: Block, name: str) -> bool:
    """Whether a parameter gets the key or token that one of FastAPI's schemes finds: `Security(APIKeyHeader())`."""
    for parameter in parameters(block.function) if block.function is not None else ():
        if parameter.name == name:
            wanted = program.walker.resolver.dependency_of(parameter)
            return wanted is not None and wanted[1] is not None and scheme_of(wanted[1]) is not None
    return False


def is_setting(program: Program, block: Block, form: Form) -> bool:
    """Whether a name stands for something that is read from the environment."""
    return any(isinstance(option, Environment) for option in options(ask(program, block, form)))


def asks_scheme(value: Form | None, scope: FunctionScope) -> bool:
    """Whether an expression is what FastAPI's scheme finds for a class that is built on it: `super().__call__(...)`."""
    if value is not None and value[0] == "await":
        value = value[2]
    owner = scope.function.owner
    match value:
        case ["call", _, ["attr", _, ["call", _, ["name", _, "super"], _, _], "__call__"], _, _] if owner is not None:
            return any(base.startswith("fastapi.security.") for base in owner.external_bases())
    return False


def is_of_scope(form: Form) -> bool:
    """Whether an expression is all headers of a request that an ASGI application gets, or an object that has them.

    `scope["headers"]` is a list of pairs (ASGI, "HTTP Connection Scope"); starlette's `Headers(scope=scope)` reads it.
    """
    match form:
        case ["sub", _, ["name", _, "scope"] | ["attr", _, _, "scope"], ["const", _, "headers"]]:
            return True
        case ["call", _, ["name" | "attr", *_] as maker, [], [["scope" | "raw", given, _]]] if maker[-1] == "Headers":
            return given[2:] == ["scope"] or is_of_scope(given)
    return False


def from_request(form: Form) -> str:
    """The header or cookie that an expression takes from a request, or a part of its text; empty for anything else."""
    match form:
        case ["call", _, ["attr", _, inner, method], _, _] if method in _PARTS:
            return from_request(inner)
        case ["sub", _, inner, ["slice", *_] | ["const", _, int()] | ["unary", *_]]:
            return from_request(inner)
        case [
            "call",
            _,
            ["attr", _, ["attr", _, _, "headers" | "cookies"], "get"],
            [["const", _, str() as key], *_],
            _,
        ]:
            return key
        case ["sub", _, ["attr", _, _, "headers" | "cookies"], ["const", _, str() as key]]:
            return key
    return ""
