"""What belongs to persons in answers that a handler writes out by hand: `[{"email": pupil.email} for pupil in ...]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ADDING = ("append", "add", "update", "extend", "insert", "setdefault")
_KEPT = frozenset({"settings", "config", "env", "self", "app", "form", "body", "payload", "data", "request", "me"})
"""Whose fields a server publishes on purpose, or gives back to whoever sent them."""


def writes_out(program: Program, route: Route) -> str:
    """The personal field of a row that a handler of a GET, or what it asks for its answer, writes into it."""
    handler = route.function
    if handler is None or "GET" not in route.methods:
        return ""
    sent = {parameter[0] for parameter in handler.parameters}
    for function in reached(program, handler, 1):
        if function is not handler and not _answers_for(handler, function):
            continue
        for record in _given(function):
            for key, value in record[2]:
                if key is not None and key[0] == "const" and (field := _field_of_row(key[2], value, sent)):
                    return field
    return ""


def _answers_for(handler: Function, function: Function) -> bool:
    """Whether a handler's answer is what a function gives back: `return await service.list_all()`."""
    answers = [form[2] for form in handler.forms.of("return") if form[2] is not None]
    calls = [form[2] if form[0] == "await" else form for form in answers]
    return any(form[0] == "call" and last_name(form[2]) == function.name for form in calls)


def _given(function: Function) -> Iterator[Form]:
    """The dictionaries that are a part of what a function gives back."""
    names: set[str] = set()
    parts = [form[2] for form in function.forms.of("return") if form[2] is not None]
    for part in parts:
        for form in _shown(part):
            if form[0] == "dict":
                yield form
            elif form[0] == "name" and form[2] not in names:
                names.add(form[2])
                parts += _put_into(function, form[2])


def _shown(form: Form) -> Iterator[Form]:
    """What an expression shows of its parts: conditions and the arguments of functions are not shown."""
    match form:
        case ["await", *_]:
            yield from _shown(form[-1])
        case ["dict", _, items]:
            yield form
            for _, value in items:
                yield from _shown(value)
        case ["list" | "tuple" | "set", _, items]:
            for item in items:
                yield from _shown(item)
        case ["comp", *_]:
            yield from (item for item in walk(form) if item[0] == "dict")
        case ["call", _, called, arguments, keywords] if last_name(called).endswith("Response"):
            for item in [*arguments[:1], *(value for key, value, _ in keywords if key == "content")]:
                yield from _shown(item)
        case ["name", *_]:
            yield form


def _put_into(function: Function, name: str) -> Iterator[Form]:
    """What a name is given, and what is put into what it holds."""
    for form in function.forms.of("assign"):
        if any(target[0] == "name" and target[2] == name for target in form[2]):
            yield form[3]
    for form in function.forms.of("call"):
        match form:
            case ["call", _, ["attr", _, ["name", _, str(owner)], str(method)], [*_, item], _]:
                if owner == name and method in _ADDING:
                    yield item


def _field_of_row(key: object, value: Form, sent: set[str]) -> str:
    """`pupil.email` where a row's field goes under its own name, or an empty string."""
    match value:
        case ["attr", _, ["name", _, str(row)], str(field)]:
            pass
        case ["sub", _, ["name", _, str(row)], ["const", _, str(field)]]:
            pass
        case ["call", _, ["attr", _, ["name", _, str(row)], "get"], [["const", _, str(field)], *_], _]:
            pass
        case _:
            return ""
    if row in sent or row in _KEPT or not isinstance(key, str) or not access.is_personal(snake(field), row):
        return ""
    return f"{row}.{field}"
