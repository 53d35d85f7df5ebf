"""Which callables FastAPI runs for a route: the dependency tree of an endpoint, by FastAPI's own reading of signatures.

Source of the facts: fastapi/dependencies/utils.py; knowledge of versions in the semantics notes (f01 to f34).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC
from fastapi_seclint.program import fastapi_pagination, fastapi_users, injected, subscripts
from fastapi_seclint.program.callables import Parameter, dotted_name, parameters, running
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.library_names import run_time_name
from fastapi_seclint.program.markers import is_parameter
from fastapi_seclint.program.values import (
    Annotated,
    Arguments,
    Const,
    Dependency,
    Environment,
    External,
    Function,
    Place,
    Unknown,
    Value,
    bare_type,
    iterate,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

MAX_DEPTH = 30


@dataclass(slots=True, eq=False)
class Node:
    """One dependency in a route's tree: the callable, how it is named, and what it depends on itself.

    `written` is where `Depends(...)` stands. `parameter` is the parameter it fills, empty in a `dependencies=` list.
    `certain` is False when another callable may stand in its place or the list it is in is conditional;
    `alternative` when that other one is what the default configuration gives.
    """

    name: str
    call: Value
    dependency: Dependency
    written: Place | None
    parameter: str = ""
    children: list[Node] = field(default_factory=list)
    certain: bool = True
    alternative: bool = False
    behind: Function | None = None

    @property
    def runs(self) -> Function | None:
        """The project function that FastAPI runs: the function itself, `__init__`, `__call__` or the bound method."""
        return running(self.call)

    @property
    def function(self) -> Function | None:
        """The project function that does the work: what runs, or what that one leaves all its work to."""
        return self.behind or self.runs

    def walk(self, alternatives: bool = True) -> Iterator[Node]:
        """Itself and everything below, depth first; alternatives only when asked for."""
        if alternatives or not self.alternative:
            yield self
            for child in self.children:
                yield from child.walk(alternatives)


class Resolver:
    """Builds dependency trees; what cannot be followed is collected as (place, reason)."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._annotations: dict[tuple[int, int], Value] = {}
        self.problems: list[tuple[Place, str]] = []

    def of_list(self, value: Value | None, place: Place) -> list[Node]:
        """The trees of a `dependencies=` argument."""
        possible = [option for option in options(value) if not (isinstance(option, Const) and option.value is None)]
        nodes: list[Node] = []
        first = next(options(value), None)
        for option in possible:
            items = iterate(option)
            if items is None:
                self.problems.append((place, f"dependencies that could not be followed: {_why(option)}"))
            added = [node for item in items or [] for node in self.of_value(item, place)]
            if len(list(options(value))) > 1:
                _doubt(added, option is not first)
            nodes.extend(added)
        return nodes

    def of_values(self, values: tuple[Value, ...], place: Place) -> list[Node]:
        """The trees of dependencies already taken from a list."""
        return [node for value in values for node in self.of_value(value, place)]

    def of_value(self, value: Value, place: Place) -> list[Node]:
        """The trees of one element of a dependency list."""
        found = list(options(value))
        nodes: list[Node] = []
        for option in found:
            if isinstance(option, Dependency):
                added = self._nodes(option, option.call, "", 0)
                if len(found) > 1:
                    _doubt(added, option is not found[0])
                nodes.extend(added)
            elif not (isinstance(option, Const) and option.value is None):
                self.problems.append((place, f"a dependency that could not be followed: {_why(option)}"))
        return nodes

    def of_callable(self, value: Value, depth: int = 0, skip_first: Value | None = None) -> list[Node]:
        """The trees of a callable's parameters. `skip_first` replaces the first one (the class of a view's method)."""
        if depth > MAX_DEPTH:
            return []
        nodes: list[Node] = []
        signature = parameters(value)
        if skip_first is not None and signature:
            view = Dependency(skip_first, None, _NO_ARGUMENTS, signature[0].place)
            nodes.extend(self._nodes(view, skip_first, signature[0].name, depth))
            signature = signature[1:]
        for parameter in signature:
            nodes.extend(self._of_parameter(parameter, depth))
        return nodes

    def dependency_of(self, parameter: Parameter) -> tuple[Dependency, Value | None] | None:
        """The `Depends` of a parameter and the callable it names; the last marker of an Annotated wins (f34)."""
        annotation = self.annotation(parameter)
        base: Value | None = annotation
        found: Dependency | None = None
        if isinstance(annotation, Annotated):
            base = annotation.base
            for item in annotation.metadata:
                for option in options(item):
                    if isinstance(option, Dependency):
                        found = option
                    elif is_parameter(option):
                        found = None
        found = next((option for option in options(parameter.default) if isinstance(option, Dependency)), found)
        if found is None:
            given = injected.provided(self._interpreter, parameter, annotation)
            if given is None:
                return None
            return Dependency(given, None, _NO_ARGUMENTS, parameter.place), given
        return found, found.call if found.call is not None else base

    def annotation(self, parameter: Parameter) -> Value | None:
        """The evaluated annotation of a parameter; nested Annotated are one, as in typing."""
        form = parameter.annotation
        if form is None:
            return None
        key = (id(form), id(parameter.scope))
        if key not in self._annotations:
            with self._interpreter.asking():
                value = subscripts.annotation(self._interpreter, form, parameter.scope)
            if isinstance(value, Annotated) and isinstance(value.base, Annotated):
                value = Annotated(value.base.base, [*value.base.metadata, *value.metadata], value.place)
            self._annotations[key] = value
        return self._annotations[key]

    def type_of(self, parameter: Parameter) -> Value | None:
        """The type of a parameter: its annotation without what `Annotated` puts beside it."""
        return bare_type(self.annotation(parameter))

    def marks(self, parameter: Parameter) -> Iterator[Value]:
        """What stands beside the type of a parameter: the metadata of `Annotated`, then the default."""
        annotation = self.annotation(parameter)
        for mark in annotation.metadata if isinstance(annotation, Annotated) else ():
            yield from options(mark)
        yield from options(parameter.default)

    def sources(self, parameter: Parameter) -> Iterator[External]:
        """What says of which part of the request a parameter is: `Header()`, `Query(alias="q")`, `Body()`."""
        for mark in self.marks(parameter):
            if isinstance(mark, External) and is_parameter(mark):
                yield mark

    def _of_parameter(self, parameter: Parameter, depth: int) -> list[Node]:
        if parameter.kind in (VARIADIC, KEYWORDS):
            return []
        found = self.dependency_of(parameter)
        if found is None:
            annotation = self.annotation(parameter)
            if isinstance(annotation, Unknown) and parameter.default is None:
                self.problems.append((parameter.place, f"the type of {parameter.name} is unknown: {annotation.reason}"))
            for mark in annotation.metadata if isinstance(annotation, Annotated) else ():
                if isinstance(mark, Unknown):
                    said = f"what stands beside the type of {parameter.name} could not be followed: {mark.reason}"
                    self.problems.append((parameter.place, said))
            return []
        dependency, call = found
        nodes = self._nodes(dependency, call, parameter.name, depth)
        default = list(options(parameter.default))
        if dependency in default and dependency is not default[0]:
            _doubt(nodes, alternative=True)  # `key = None if KEY is None else Security(header)`
        return nodes

    def _nodes(self, dependency: Dependency, call: Value | None, parameter: str, depth: int) -> list[Node]:
        nodes: list[Node] = []
        found = [option for option in options(call) if not (isinstance(option, Const) and option.value is None)]
        for option in found:
            made = fastapi_users.guard(self._interpreter, option) or fastapi_pagination.context(option)
            name = made[0] if made is not None else dotted_name(option)
            if name is None:
                place = dependency.place
                if place is not None:
                    self.problems.append((place, f"a dependency that could not be followed: {_why(option)}"))
                continue
            children = self.of_callable(option, depth + 1)
            for inner in made[1] if made is not None else ():
                children += self._nodes(inner, inner.call, "", depth + 1)
            node = Node(run_time_name(name), option, dependency, dependency.place, parameter, children)
            runs = running(option)
            node.behind = worker(self._interpreter, runs) if runs is not None else None
            if len(found) > 1:
                _doubt([node], option is not found[0])
            nodes.append(node)
        return nodes


def _doubt(nodes: list[Node], alternative: bool) -> None:
    for node in nodes:
        node.certain = False
        node.alternative = node.alternative or alternative


def _why(value: Value) -> str:
    if isinstance(value, Unknown):
        return value.reason
    if isinstance(value, Environment):
        return "it comes from the environment"
    if isinstance(value, External):
        return f"it is {value.name} of a library"
    return "its value is not known"


_NO_ARGUMENTS = Arguments()
