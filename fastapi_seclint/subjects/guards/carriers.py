"""Where the credentials of a request travel that a scheme or a guard reads: in `Authorization`, or under a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import Class, External, Function, Instance, Value, constant, options

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 6


def carriers(nodes: Iterable[Node]) -> frozenset[str]:
    """Where the schemes among dependencies, and below them, look for credentials; empty when there is no scheme."""
    return frozenset(carrier for node in nodes for inner in node.walk() for carrier in _of_value(inner.call))


def carriers_of(program: Program, function: Function) -> frozenset[str]:
    """Where the schemes that a function depends on look for credentials."""
    return frozenset(_below(program, function, _DEPTH))


def _below(program: Program, value: Value, depth: int) -> Iterator[str]:
    yield from _of_value(value)
    for parameter in parameters(value) if depth else ():
        found = program.walker.resolver.dependency_of(parameter)
        for option in options(found[1]) if found is not None else ():
            yield from _below(program, option, depth - 1)


def _of_value(value: Value) -> Iterator[str]:
    """`authorization`, or the kind and name of a key: `header x-api-key`. Header names know no case (RFC 9110, 5.1)."""
    scheme = scheme_of(value)
    if scheme is None:
        return
    bases = scheme.cls.external_bases() if isinstance(scheme, Instance) and isinstance(scheme.cls, Class) else ()
    kinds = [scheme.name] if isinstance(scheme, External) else bases
    kind = next((name.rpartition(".")[2] for name in kinds if name.startswith("fastapi.security.")), "")
    if not kind.startswith("APIKey"):
        yield "basic" if kind in ("HTTPBasic", "HTTPDigest") else "authorization"
        return
    name = constant(scheme.arguments.keywords.get("name")) if scheme.arguments is not None else None
    yield f"{kind.removeprefix('APIKey').lower()} {str(name).lower() if kind == 'APIKeyHeader' else name}"
