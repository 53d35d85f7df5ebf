"""How a route names what it answers with, as it is written: the call that registers it, and the annotation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Class, Function, Place, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def type_arguments(program: Program, route: Route, function: Function) -> Iterator[Class]:
    """The classes that a generic model of the project is given where a route names its answer: `Page[User]`."""
    module = function.module
    place, shown = Block(module, None, module.scope, NO_STATEMENTS), named_answer(route, function)
    for form in walk(shown) if shown is not None else ():
        if form[0] != "sub" or not any(isinstance(owner, Class) for owner in options(ask(program, place, form[2]))):
            continue
        for inner in walk(form[3]):
            named = options(ask(program, place, inner)) if inner[0] in ("name", "attr") else ()
            yield from (option for option in named if isinstance(option, Class))


def named_answer(route: Route, function: Function) -> Form | None:
    """How a route names its answer: `response_model=Page[User]`, or what its handler is annotated with."""
    call = registration(route, function.module)
    given = next((value for keyword, value, _ in call[4] if keyword == "response_model"), None) if call else None
    return given if given is not None else function.returns


def registration(route: Route, module: Module) -> Form | None:
    """The call that registers a route, in the file of its handler."""
    place = route.registration.place if route.registration is not None else None
    return form_at(place) if place is not None and place.module is module else None


def form_at(place: Place) -> Form | None:
    """The call that stands at a place."""
    return _calls(place.module).get(place.at)


@lru_cache(maxsize=32)
def _calls(module: Module) -> dict[int, Form]:
    facts = module.facts
    found: dict[int, Form] = {}
    for number in range(MODULE, len(facts.functions)):
        for form in facts.forms(number).of("call"):
            found.setdefault(form[1], form)
    return found
