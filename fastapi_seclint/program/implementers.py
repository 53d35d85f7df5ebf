"""Interfaces, and the classes of the project that fill them in: protocols, and classes with abstract methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.stranger_objects import PROTOCOLS, is_abstract
from fastapi_seclint.program.values import Class, Function

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.interpreter import Interpreter

CONNECTIONS = frozenset({"Request", "HTTPConnection", "WebSocket"})
"""What Starlette calls a request to which an answer is due (starlette/requests.py, starlette/websockets.py)."""


def standing_in(interpreter: Interpreter, cls: Class) -> Class:
    """The class whose object stands where one of `cls` is asked for: the only one that implements an interface.

    Of several the only one that is made of a request is meant. It is `cls` itself where it is no interface, or where
    nothing tells which one it is. Tests do not count.
    """
    known = interpreter.implementers
    if id(cls) not in known:
        if any(module.state == "running" for module in interpreter.modules.by_file.values()):
            return cls
        found = list(_implementers(interpreter, cls)) if _left_open(cls) else []
        if len(found) > 1:  # what says that it is one goes before what only has methods of the same names
            found = [own for own in found if cls in own.lineage()] or found
        if len(found) > 1:
            found = [own for own in found if _is_made_of_request(own)]
        known[id(cls)] = (cls, found[0] if len(found) == 1 else cls)
    return known[id(cls)][1]


def implements(own: Class, interface: Class) -> bool:
    """Whether a class fills in all that an interface leaves open (PEP 544, PEP 3119).

    It has the other as a base, or, for a protocol, every method of it.
    """
    if own is interface:
        return False
    lineage = [base for base in own.lineage() if isinstance(base, Class)]
    if interface not in lineage and not is_protocol(interface):
        return False
    for name in _left_open(interface):
        filled = next((base.namespace[name] for base in lineage if name in base.namespace), None)
        if filled is None or _is_open(filled):
            return False
    return True


def _is_made_of_request(cls: Class) -> bool:
    init = cls.namespace.get("__init__")
    given = [form[2] for form in init.parameters if form[2] is not None] if isinstance(init, Function) else []
    return any(form[0] in ("name", "attr") and form[-1] in CONNECTIONS for form in given)


def is_protocol(cls: Class) -> bool:
    """Whether a class is a protocol, which others implement without naming it."""
    return bool(PROTOCOLS.intersection(cls.external_bases()))


def is_interface(cls: Class, beside: str = "") -> bool:
    """Whether a class leaves something open that others have to fill in, `beside` one method that does not count."""
    return any(name != beside for name in _left_open(cls))


def _left_open(cls: Class) -> list[str]:
    return [name for name, item in cls.namespace.items() if _is_open(item)]


def _is_open(item: object) -> bool:
    return isinstance(item, Function) and item.number >= 0 and is_abstract(item)


def _implementers(interpreter: Interpreter, interface: Class) -> Iterator[Class]:
    modules = interpreter.modules
    filling = modules.having_all(_left_open(interface)) | {one.file for one in modules.speaking((interface.name,))}
    for module in [modules.by_file[file] for file in modules.by_file if file in filling]:
        if not modules.is_test(module):
            interpreter.run_module(module)
            for value in list(module.scope.names.values()):
                if isinstance(value, Class) and value.module is module and implements(value, interface):
                    yield value


def heirs(program: Program, cls: Class) -> Iterator[Class]:
    """The classes of the project's modules that inherit from one, itself left out."""
    return iter(_heirs(program).get(id(cls), ()))


@answered_once
def _heirs(program: Program) -> dict[int, list[Class]]:
    """The classes that inherit from each class of the project, by its identity."""
    found: dict[int, list[Class]] = {}
    for module in program.modules.by_file.values():
        program.interpreter.run_module(module)
        for value in list(module.scope.names.values()):
            for base in value.lineage() if isinstance(value, Class) and value.module is module else ():
                if isinstance(base, Class) and base is not value:
                    found.setdefault(id(base), []).append(value)
    return found
