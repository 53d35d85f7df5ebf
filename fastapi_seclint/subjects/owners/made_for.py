"""How the caller is written where things are made for him: `Note(owner_id=user["id"])` in a handler or a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.identity import guards

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def as_made(program: Program, caller: str, field: str) -> str | None:
    """What follows the caller's name where a field gets his id, `.user_id` or `["id"]`; None where that is not one.

    The caller is he whom a guard gives a handler, or who has the same name in a function that is handed him.
    """
    given = {
        (id(route.function), guard.parameter)
        for route in program.routes
        if route.function is not None and not program.is_test(route.function.module)
        for guard in guards(program, route)
    }
    found: set[str] = set()
    said = f'"{field}"'.encode()
    modules = (module for module in program.modules.by_file.values() if not program.is_test(module))
    for block in (block for module in modules for block in program.sites.speaking(module, said)):
        function = block.function
        if function is None:
            continue
        own = {item[0] for item in function.parameters}
        for value in _values(block.forms.of("call"), field):
            written, name = code(value), _root(value)
            known = (id(function), name) in given or (name == caller and name in own)
            if written is not None and known:
                found.add(written[len(name) :])
            for around, passed in _passed(program, function, value) if not known else ():
                written, name = code(passed), _root(passed)
                if written is not None and (id(around), name) in given:
                    found.add(written[len(name) :])
    return found.pop() if len(found) == 1 else None


def _passed(program: Program, function: Function, value: Form) -> Iterator[tuple[Function, Form]]:
    """What callers hand over for a parameter that a field gets as it is, each with the function around the call."""
    names = [item[0] for item in function.parameters]
    if value[0] != "name" or value[2] not in names:
        return
    for block, call, bound in callers(program, function):
        if block.function is None or program.is_test(block.module):
            continue
        position = names.index(value[2]) - bound
        named = [given for keyword, given, _ in call[4] if keyword == value[2]]
        given = named or ([call[3][position]] if 0 <= position < len(call[3]) else [])
        yield from ((block.function, item) for item in given)


def _values(calls: list[Form], field: str) -> Iterator[Form]:
    """What calls that make an object give one of its fields."""
    for call in calls:
        if call[2][0] in ("name", "attr") and str(call[2][-1])[:1].isupper():
            yield from (value for keyword, value, _ in call[4] if keyword == field)


def _root(value: Form) -> str:
    """The name that an attribute, an item or a `get` of it begins with."""
    match value:
        case ["name", _, str(name)]:
            return name
        case ["attr", _, inner, _] | ["sub", _, inner, ["const", *_]]:
            return _root(inner)
        case ["call", _, ["attr", _, inner, "get"], [["const", *_]], []]:
            return _root(inner)
    return ""
