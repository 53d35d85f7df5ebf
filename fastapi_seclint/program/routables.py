"""Classes whose methods are handlers of a router that each of their objects has, as classy-fastapi makes them.

Source: classy_fastapi/routable.py, where `Routable.__init__` hands all it is given to `APIRouter` and registers the
methods that `@get("/path")` and its like have marked (classy_fastapi/decorators.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import HTTP_METHODS
from fastapi_seclint.program.values import Arguments, Bound, Class, Collection, Const, External, Function, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.values import Place

_BASES = frozenset({"classy_fastapi.Routable", "classy_fastapi.routable.Routable"})
_PACKAGES = ("classy_fastapi", "classy_fastapi.decorators")
_MARKS = {f"{package}.{method}()": method for package in _PACKAGES for method in (*HTTP_METHODS, "route", "websocket")}


def is_routable(name: str) -> bool:
    """Whether a symbol is the base of such classes."""
    return name in _BASES


def is_made(cls: Class) -> bool:
    """Whether objects of a class have such a router."""
    return any(map(is_routable, cls.external_bases()))


def fill(interpreter: Interpreter, instance: Instance, arguments: Arguments, place: Place) -> None:
    """Give an object its router with the methods of its class as handlers; `arguments` are those of the router."""
    from fastapi_seclint.program import calls, fastapi_calls

    router = calls.call(interpreter, External("fastapi.routing.APIRouter"), arguments, place)
    if not isinstance(router, Instance) or not isinstance(instance.cls, Class):
        return
    instance.attributes["router"] = router
    for method, mark, kind in _marked(instance.cls):
        given = mark.arguments or Arguments()
        keywords = {**given.keywords, "endpoint": Bound(instance, method)}
        if kind in HTTP_METHODS:
            keywords["methods"] = Collection("list", [Const(kind.upper())])
        elif kind == "route" and len(given.positional) > 1:
            keywords["methods"] = given.positional[1]
        told = Arguments(given.positional[:1], keywords, given.open)
        adder = "add_api_websocket_route" if kind == "websocket" else "add_api_route"
        fastapi_calls.call_method(interpreter, router, adder, told, mark.place or place)


def _marked(cls: Class) -> Iterator[tuple[Function, External, str]]:
    """The methods that are handlers, in the order of their names, with what marks them and the name of that."""
    members: dict[str, object] = {}
    for base in cls.lineage():
        for name, member in base.namespace.items() if isinstance(base, Class) else ():
            members.setdefault(name, member)
    for _, method in sorted(members.items()):
        for mark in method.decorators if isinstance(method, Function) else ():
            if isinstance(method, Function) and isinstance(mark, External) and mark.name in _MARKS:
                yield method, mark, _MARKS[mark.name]
