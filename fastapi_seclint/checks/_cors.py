"""Every place that configures Starlette's CORSMiddleware, with the values it gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program import calls
from fastapi_seclint.program.sites import Argument, Block, Call
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Environment,
    External,
    Function,
    Mapping,
    Place,
    Unknown,
    Value,
    options,
)
from fastapi_seclint.spans import Location

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CORS = "starlette.middleware.cors.CORSMiddleware"
_POSITIONS = ("allow_origins", "allow_methods", "allow_headers", "allow_credentials", "allow_origin_regex")

World = tuple[Value | None, Value | None]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the middleware: its expression, where it is given, and its value as the code around sees it."""

    form: Form
    location: Location
    value: Value


@dataclass(frozen=True, slots=True)
class Cors:
    """One configuration that gives origins and credentials.

    `worlds` are the pairs of values (origins, credentials) that set-up code brings here, or the one pair that the
    surrounding code gives where it was not followed.
    """

    call: Call
    origins: Option
    credentials: Option
    worlds: tuple[World, ...]

    @property
    def block(self) -> Block:
        return self.call.block

    @property
    def place(self) -> Place:
        return self.call.place


def configurations(program: Program) -> Iterator[Cors]:
    """The configurations in the order of the files: `add_middleware`, `Middleware(...)`, `CORSMiddleware(app, ...)`."""
    followed = _followed(program)
    for call, first in _calls(program):
        origins = _option(call, "allow_origins", first)
        credentials = _option(call, "allow_credentials", first)
        if origins is None or credentials is None:
            continue
        worlds = followed.get((call.block.module.file, call.form[1]), [])
        known = [world for world in worlds if not any(value is None or isinstance(value, Unknown) for value in world)]
        pairs = known or [(origins.value, credentials.value)]
        yield Cors(call, origins, credentials, tuple((_made(program, one), _made(program, two)) for one, two in pairs))


def _made(program: Program, value: Value | None) -> Value | None:
    """The value with the default factory of a settings field (`Field(default_factory=lambda: [...])`) called."""
    if isinstance(value, Environment) and isinstance(value.default, Function):
        interpreter = program.interpreter
        with interpreter.asking():
            made = calls.call(interpreter, value.default, Arguments(), value.place or value.default.place)
        return Environment(value.name, made, value.place)
    return value


def _followed(program: Program) -> dict[tuple[str, int], list[World]]:
    found: dict[tuple[str, int], list[World]] = {}
    for router in program.interpreter.routers:
        for layer in router.layers:
            pair = (layer.arguments.get("allow_origins"), layer.arguments.get("allow_credentials"))
            found.setdefault((layer.place.module.file, layer.place.at), []).append(pair)
    return found


def _calls(program: Program) -> Iterator[tuple[Call, int]]:
    """Calls that configure the middleware, and the position of its first option."""
    for call in program.sites.calls(_CORS):
        yield call, 1
    for call in program.sites.calls("starlette.middleware.Middleware"):
        given = call.argument("cls", 0)
        if given is not None and is_cors(call.value(given)):
            yield call, 1
    words = frozenset({"add_middleware"})
    for block in program.sites.blocks(words):
        for form in walk(block.statements):
            if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "add_middleware":
                call = Call(block, form, "add_middleware", program.interpreter)
                given = call.argument("middleware_class", 0)
                if given is not None and is_cors(call.value(given)):
                    yield call, 1


def is_cors(value: Value) -> bool:
    """Whether a middleware class is CORSMiddleware or a class of the project that descends from it."""
    for option in options(value):
        if isinstance(option, External) and option.name == _CORS:
            return True
        if isinstance(option, Class) and _CORS in option.external_bases():
            return True
    return False


def _option(call: Call, name: str, first: int) -> Option | None:
    given = call.argument(name, first + _POSITIONS.index(name))
    if given is not None:
        return Option(given.form, _location(call, given), call.value(given))
    for spread in call.spread:
        for value in options(call.ask(spread)):
            found = value.get(name) if isinstance(value, Mapping) else None
            if found is not None:
                place: Place | None = getattr(found, "place", None)
                return Option(spread, place.location if place is not None else call.block.location(spread), found)
    return None


def _location(call: Call, given: Argument) -> Location:
    return call.block.location(given.at)
