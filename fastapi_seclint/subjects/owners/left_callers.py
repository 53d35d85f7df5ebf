"""Callers that a middleware leaves with the request, `request.state.user_id`, for handlers that ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.context_callers import asks_the_context
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.owners.uses import requests_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PERSON = re.compile(
    r"^((current|auth|authenticated|logged_in|session)_)?(user|account|member|customer|principal|identity|caller|claims)"
    r"(_(id|uuid|pk|uid|name|email))?$|^(username|uid|email|sub)$"
)


def asks_left_caller(program: Program, route: Route) -> bool:
    """Whether a handler hands its request to a function of the project that takes the caller out of it.

    Or asks the variable of the context that he was put into.
    """
    if asks_the_context(program, route):
        return True
    return any(form[0] == "call" and form[2][-1] != "getattr" for form in _reading(program, route))


def left_callers(program: Program, route: Route) -> set[str]:
    """The local names of a handler behind a middleware that get the caller: `user_id = user_of(request)`."""
    return _names(route.function, _reading(program, route)) if route.function is not None else set()


def hands_left_caller(program: Program, route: Route) -> bool:
    """Whether a handler gives such a caller to what it calls, other than a log: `accounts.of_user(user_id)`."""
    reading = _reading(program, route)
    names = left_callers(program, route) if reading else set[str]()
    for call in route.function.forms.of("call") if reading and route.function is not None else ():
        if call not in reading and not logs(call):
            given = [_plain(item) for item in arguments(call)]
            if any(item in reading or (item[0] == "name" and item[2] in names) for item in given):
                return True
    return False


def _reading(program: Program, route: Route) -> list[Form]:
    """The expressions of a handler that give the caller whom a middleware has found."""
    handler = route.function
    if handler is None or not requests_of(handler) & {item[0] for item in handler.parameters}:
        return []
    if program.guarding(route).protection != "protected":
        return []
    return [*_read_here(handler), *_read_elsewhere(program, handler)]


def _read_here(function: Function) -> Iterator[Form]:
    requests = requests_of(function)
    for form in function.forms.of("attr", "call", "sub"):
        match form:
            case ["attr", _, ["attr", _, ["name", _, request], "state"], name]:
                said = name if request in requests else ""
            case ["attr", _, ["name", _, request], "user"]:
                said = "user" if request in requests else ""
            case ["call", _, ["name", _, "getattr"], [["attr", _, ["name", _, request], "state"], key, *_], _]:
                said = str(key[2]) if request in requests and key[0] == "const" else ""
            case _:
                continue
        if said and _PERSON.match(snake(said)):
            yield form


def _read_elsewhere(program: Program, function: Function) -> Iterator[Form]:
    requests = requests_of(function)
    calls = [form for form in function.forms.of("call") if _gets(form, requests)]
    block = body_of(program, function) if calls else None
    for call in calls if block is not None else ():
        if block is not None and any(_gives_caller(one) for one, _ in called(program, block, call)):
            yield call


def _gets(call: Form, requests: frozenset[str]) -> bool:
    given = arguments(call)
    return len(given) == 1 and given[0][0] == "name" and given[0][2] in requests


def _gives_caller(function: Function) -> bool:
    """Whether a function gives back what it reads of the request's caller."""
    reading = list(_read_here(function)) if "state" in function.module.facts.words else []
    names = _names(function, reading) if reading else set[str]()
    given = (inner for form in function.forms.of("return") if form[2] is not None for inner in walk([form[2]]))
    return any(inner in reading or (inner[0] == "name" and inner[2] in names) for inner in given if reading)


def _names(function: Function, reading: list[Form]) -> set[str]:
    """The names that get one of some expressions."""
    given = (form for form in function.forms.of("assign") if reading and _plain(form[3]) in reading)
    return {target[2] for form in given for target in form[2] if target[0] == "name"}


def _plain(form: Form) -> Form:
    """An expression without what only waits for it, changes its type or stands in for it: `str(state.user_id)`."""
    match form:
        case ["await", _, inner] | ["call", _, ["name", _, "str" | "int" | "UUID"], [inner], []]:
            return _plain(inner)
        case ["bool", _, "or", [inner, *_]]:
            return _plain(inner)
    return form
