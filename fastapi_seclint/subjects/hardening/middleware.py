"""Every place that configures a middleware class of a library, with the options it gets: value and place of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import calls
from fastapi_seclint.program.routers import Layer
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import (
    HANDED_UP,
    Arguments,
    Class,
    Environment,
    External,
    Function,
    Instance,
    Partial,
    Place,
    Unknown,
    Value,
    options,
)
from fastapi_seclint.program.values import Mapping as Dictionary
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.items import items
from fastapi_seclint.subjects.code.origins import ask, blocks_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

World = Mapping[str, Value]
"""The options of one configuration by name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A middleware class: its canonical name and the names of its options in order, the application left out."""

    name: str
    positions: tuple[str, ...]

    def fits(self, value: Value | None) -> bool:
        """Whether a value is the class or a class of the project that descends from it."""
        return any(
            (isinstance(option, External) and option.name == self.name)
            or (isinstance(option, Class) and self.name in option.external_bases())
            for option in options(value)
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name, its expression and the block that this is read in, where it is given, its value."""

    name: str
    form: Form
    block: Block
    location: Location
    value: Value

    def contains(self, location: Location) -> bool:
        """Whether a place lies on the lines of the option."""
        own, other = self.location, location
        return own.path == other.path and own.span.line <= other.span.line <= own.span.end_line


@dataclass(frozen=True, slots=True)
class Configuration:
    """One place that configures the middleware.

    `worlds` are the options that set-up code brings here, one for each time it comes by; where it was not followed,
    the one world that the surrounding code gives. `complete` tells that no option can be missing from `options`.
    """

    call: Call
    options: Mapping[str, Option]
    worlds: tuple[World, ...]
    complete: bool

    @property
    def block(self) -> Block:
        return self.call.block

    @property
    def place(self) -> Place:
        return self.call.place


_KNOWN: WeakKeyDictionary[Program, dict[str, list[Configuration]]] = WeakKeyDictionary()


def configurations(program: Program, kind: Kind) -> list[Configuration]:
    """The configurations in the order of the files: `add_middleware`, `Middleware(...)`, the class called directly."""
    known = _KNOWN.setdefault(program, {})
    if kind.name not in known:
        known[kind.name] = list(_configurations(program, kind))
    return known[kind.name]


def _configurations(program: Program, kind: Kind) -> Iterator[Configuration]:
    layers = _layers(program, kind)
    within = {key for key, found in layers.items() if all(map(_decides_itself, found))}
    seen: set[tuple[str, int]] = set()
    for call, first in _calls(program, kind, layers):
        key = (call.block.module.file, call.form[1])
        if key not in seen and key not in within:
            seen.add(key)
            yield _configuration(program, kind, call, first, layers.get(key, []))


def _configuration(program: Program, kind: Kind, call: Call, first: int, layers: list[Layer]) -> Configuration:
    found = {name: option for name in kind.positions if (option := _option(program, kind, call, name, first))}
    for layer in layers:
        arguments = handed_up(program, layer) or layer.arguments
        for name in kind.positions:
            value = arguments.get(name, kind.positions.index(name))
            if value is not None and name not in found:
                place: Place | None = getattr(value, "place", None)
                where = place.location if place is not None else call.location
                found[name] = Option(name, call.form, call.block, where, value)
    static = {name: option.value for name, option in found.items()}
    worlds = [_world(program, kind, layer, static) for layer in layers]
    complete = all(isinstance(option, Dictionary) for form in call.spread for option in options(call.ask(form)))
    complete = complete and not any(form[0] == "star" for form in call.whole[3])
    complete = complete or any(not layer.arguments.open for layer in layers)
    return Configuration(call, found, tuple(worlds) or (_made_all(program, static),), complete)


def _world(program: Program, kind: Kind, layer: Layer, static: World) -> World:
    found: dict[str, Value] = {}
    arguments = handed_up(program, layer) or layer.arguments
    for index, name in enumerate(kind.positions):
        value = arguments.get(name, index)
        if (value is None or isinstance(value, Unknown)) and (arguments.open or value is not None):
            value = static.get(name, value)
        if value is not None:
            found[name] = value
    return _made_all(program, found)


def _decides_itself(layer: Layer) -> bool:
    """Whether what is added is a class of the project that is given nothing and has an `__init__` of its own."""
    given = bool(layer.arguments.positional or layer.arguments.keywords or layer.arguments.open)
    made = [option for option in options(layer.what) if isinstance(option, Class)]
    return not given and any(calls.method_of(Instance(option), "__init__") is not None for option in made)


def handed_up(program: Program, layer: Layer) -> Arguments | None:
    """What a subclass of the project makes of the options it is given, for the library's `__init__`.

    None where there is no such class, or nothing is given to it: its own call of `super().__init__` tells then.
    """
    if layer.arguments.open or not (layer.arguments.positional or layer.arguments.keywords):
        return None
    interpreter = program.interpreter
    for option in options(layer.what):
        if isinstance(option, Class) and calls.method_of(Instance(option), "__init__") is not None:
            positional = [Unknown("the application", layer.place), *layer.arguments.positional]
            with interpreter.asking():
                made = calls.call(interpreter, option, Arguments(positional, layer.arguments.keywords), layer.place)
            held = made.attributes.get(HANDED_UP) if isinstance(made, Instance) else None
            if isinstance(held, External) and held.arguments is not None:
                given = held.arguments
                return Arguments(given.positional[1:], given.keywords, given.open)
    return None


def _made_all(program: Program, values: World) -> World:
    return {name: made(program, value) for name, value in values.items()}


def made(program: Program, value: Value) -> Value:
    """The value with the default factory of a settings field (`Field(default_factory=lambda: [...])`) called."""
    if isinstance(value, Environment) and isinstance(value.default, Function):
        interpreter = program.interpreter
        with interpreter.asking():
            given = calls.call(interpreter, value.default, Arguments(), value.place or value.default.place)
        return Environment(value.name, given, value.place)
    return value


def _layers(program: Program, kind: Kind) -> dict[tuple[str, int], list[Layer]]:
    found: dict[tuple[str, int], list[Layer]] = {}
    added = [layer for router in program.interpreter.routers for layer in router.layers]
    around = [wrapping.layer for wrapping in program.interpreter.wrappings.values()]
    for layer in (*added, *(layer for layer in around if layer not in added)):
        if kind.fits(layer.what):
            found.setdefault((layer.place.module.file, layer.place.at), []).append(layer)
    return found


def _calls(program: Program, kind: Kind, layers: dict[tuple[str, int], list[Layer]]) -> Iterator[tuple[Call, int]]:
    """Calls that configure the middleware, and the position of its first option."""
    for call in program.sites.calls(kind.name):
        yield call, 1
    kept = _added_partials(program)
    for call in program.sites.calls("starlette.middleware.Middleware", "functools.partial"):
        if kind.fits(_given(call, "cls")) and (call.block.module.file, call.form[1]) not in kept:
            yield call, 1
    for call in _adding(program):
        if kind.fits(_given(call, "middleware_class")):
            yield call, 1
    last = kind.name.rpartition(".")[2]
    told = {
        (option.module.file, option.at)
        for found in layers.values()
        for option in options(found[0].what)
        if isinstance(option, Class) and all(handed_up(program, layer) is not None for layer in found)
    }
    for block in program.sites.blocks(frozenset({last})):
        yield from _in_subclass(program, kind, block, told)
    for (_, at), found in layers.items():
        for block in blocks_of(program, found[0].place.module):
            for form in block.forms.every:
                if form[0] == "call" and form[1] == at:
                    yield Call(block, form, "add_middleware", program.interpreter), 1


def _given(call: Call, name: str) -> Value | None:
    given = call.argument(name, 0)
    return None if given is None else call.value(given)


def _added_partials(program: Program) -> set[tuple[str, int]]:
    """The calls of `functools.partial` that are added later, with more options: those configure nothing themselves."""
    added = [option for call in _adding(program) for option in options(_given(call, "middleware_class"))]
    places = [option.place for option in added if isinstance(option, Partial) and option.place is not None]
    return {(place.module.file, place.at) for place in places}


def _adding(program: Program) -> Iterator[Call]:
    for block in program.sites.blocks(frozenset({"add_middleware"})):
        for form in block.forms.every:
            if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "add_middleware":
                yield Call(block, form, "add_middleware", program.interpreter)


def _in_subclass(program: Program, kind: Kind, block: Block, told: set[tuple[str, int]]) -> Iterator[tuple[Call, int]]:
    """`super().__init__(app, ...)` in a class that descends from the middleware.

    Those of classes that are `told` of where they are added are left out.
    """
    for statement in block.forms.of("class"):
        if (block.module.file, statement[1]) in told:
            continue
        if not any(kind.fits(ask(program, block, base)) for base in statement[3]):
            continue
        for definition in statement[6]:
            if definition[0] == "def" and definition[3] == "__init__":
                yield from _initializing(program, block, definition[2])


def _initializing(program: Program, block: Block, number: int) -> Iterator[tuple[Call, int]]:
    inner = program.sites.block(block.module, number)
    if inner is None:
        return
    for form in inner.forms.of("call"):
        if form[2][0] == "attr" and form[2][3] == "__init__":
            yield Call(inner, form, "__init__", program.interpreter), 1 if form[2][2][0] == "call" else 2


def _option(program: Program, kind: Kind, call: Call, name: str, first: int) -> Option | None:
    given = call.argument(name, first + kind.positions.index(name))
    if given is not None:
        return Option(name, given.form, call.block, call.block.location(given.at), call.value(given))
    for spread in call.spread:
        for item in items(program, call.block, spread, name):
            where = Location(item.block.module.path, item.span)
            form = item.container if item.several else item.form  # what is written there is that of other options, too
            return Option(name, form, item.block, where, ask(program, item.block, item.form))
        for value in options(call.ask(spread)):
            found = value.get(name) if isinstance(value, Dictionary) else None
            if found is not None:
                place: Place | None = getattr(found, "place", None)
                where = place.location if place is not None else call.block.location(spread)
                return Option(name, spread, call.block, where, found)
    return None
