"""Credentials that code takes from the query by hand: `request.query_params["password"]`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PARAMS = "query_params"
_PARSERS = frozenset({"parse_qs", "parse_qsl", "QueryParams"})
"""What reads the query of an ASGI scope or of `request.url` (urllib.parse, starlette/datastructures.py)."""


@dataclass(frozen=True, slots=True)
class RawRead:
    """A read of the query under a name: where it stands, and the routes whose handler or dependency does it."""

    block: Block
    form: Form
    name: str
    routes: tuple[Route, ...]


def raw_reads(program: Program) -> Iterator[RawRead]:
    """Every read of a request's query under a name that is written down; websockets, which have no headers, aside."""
    routes: dict[tuple[str, int], list[Route]] | None = None
    for block in program.sites.blocks(frozenset({_PARAMS}) | _PARSERS):
        reads = list(_reads(program, block))
        if not reads or program.is_test(block.module) or block.function is None:
            continue
        if routes is None:
            routes = _by_function(program)
        around = routes.get((block.module.file, block.function.number), [])
        if not any(route.kind != "http" for route in around):
            yield from (RawRead(block, form, name, tuple(around)) for form, name in reads)


def _by_function(program: Program) -> dict[tuple[str, int], list[Route]]:
    """The routes by the file and number of the functions that answer them or guard them."""
    found: dict[tuple[str, int], list[Route]] = {}
    for route in program.routes:
        for function in {id(node.function): node.function for node in route.nodes() if node.function}.values():
            found.setdefault((function.module.file, function.number), []).append(route)
        if route.function is not None:
            found.setdefault((route.function.module.file, route.function.number), []).append(route)
    return found


def only_there(read: RawRead) -> bool:
    """Whether a dependency takes a credential from the query alone, so that every caller sends it so."""
    function = read.block.function
    beside = {str(form[-1]) for form in read.block.forms.of("attr")} & _ELSEWHERE
    alone = function is not None and len(function.parameters) - (function.owner is not None) == 1
    return alone and not beside and all(route.function is not function for route in read.routes) and bool(read.routes)


_ELSEWHERE = frozenset({"headers", "cookies", "form", "body", "json", "session", "path_params"})


def _reads(program: Program, block: Block) -> Iterator[tuple[Form, str]]:
    names = block.forms.names_of(lambda value: _is_query(value, set()))
    for form in block.forms.of("sub", "call"):
        match form:
            case ["sub", _, owner, key] | ["call", _, ["attr", _, owner, "get"], [key, *_], _]:
                if not _is_query(owner, names):
                    continue
                for option in options(ask(program, block, key)):
                    if isinstance(option, Const) and isinstance(option.value, str | bytes):
                        yield form, option.value if isinstance(option.value, str) else option.value.decode("latin-1")


def _is_query(form: Form, names: set[str]) -> bool:
    """`request.query_params`, a dictionary of it, or a name for it; what belongs to a websocket is not meant."""
    match form:
        case ["call", _, ["name", _, "dict"], [inner], []]:
            return _is_query(inner, names)
        case ["call", _, ["name" | "attr", *_] as parser, [inner, *_], _] if parser[-1] in _PARSERS:
            return any(_is_raw_query(part) for part in walk([inner]))
        case ["attr", _, ["name", _, owner], attribute]:
            return bool(attribute == _PARAMS and owner not in ("websocket", "ws", "socket"))
        case ["attr", _, ["attr", _, _, "request"], attribute]:
            return bool(attribute == _PARAMS)
        case ["name", _, name]:
            return name in names
    return False


def _is_raw_query(form: Form) -> bool:
    """`scope["query_string"]` or `request.url.query`, the query as it stands in the address."""
    match form:
        case ["sub", _, ["name" | "attr", *_] as owner, ["const", _, "query_string"]]:
            return last_name(owner) not in ("websocket", "ws", "socket")
        case ["attr", _, ["attr", _, ["name" | "attr", *_] as owner, "url"], "query"]:
            return last_name(owner) == "request"
    return False
