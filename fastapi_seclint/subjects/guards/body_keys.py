"""The names that a handler reads by itself: `body["password"]` of a body without a model, `request.query_params`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Generic, options

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DICTIONARIES = frozenset({"builtins.dict", "typing.Dict", "dict", "Dict"})
_BODIES = frozenset({"json", "form"})


def read_keys(program: Program, route: Route) -> Iterator[str]:
    """Each key that a handler asks a dictionary for which is the client's body, or the query of its address."""
    handler = route.function
    if handler is None or not handler.parameters:
        return
    names = _dictionaries(program, route) | handler.forms.names_of(_reads)
    for form in handler.forms.of("sub", "call"):
        match form:
            case ["sub", _, owner, ["const", _, str(key)]] if _is_body(owner, names):
                yield key
            case ["call", _, ["attr", _, owner, "get" | "pop"], [["const", _, str(key)], *_], _]:
                if _is_body(owner, names):
                    yield key


def _dictionaries(program: Program, route: Route) -> set[str]:
    """The parameters of a handler that are dictionaries, which FastAPI takes from the body."""
    found = set()
    for parameter in parameters(route.endpoint) if route.endpoint is not None else ():
        plain = program.walker.resolver.type_of(parameter)
        for option in options(plain):
            name = option.name if isinstance(option, External) else option.origin if isinstance(option, Generic) else ""
            if name in _DICTIONARIES and program.walker.resolver.dependency_of(parameter) is None:
                found.add(parameter.name)
    return found


def _reads(form: Form) -> bool:
    """Whether an expression reads the body: `await request.json()`."""
    match form:
        case ["await", _, ["call", _, ["attr", _, ["name", *_], str(name)], [], []]]:
            return name in _BODIES
    return False


def _is_body(owner: Form, names: set[str]) -> bool:
    asks_query = owner[0] == "attr" and owner[3] == "query_params"
    return asks_query or bool(owner[0] == "name" and owner[2] in names) or _reads(owner)
