"""Limiters with one store for all of their windows: a short window forgets what the long one counted (p35)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in, span_of, walk
from fastapi_seclint.program.values import Function
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.limits.limiters import inner_numbers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MANY = re.compile(rb",429\]|TOO_MANY_REQUESTS|RateLimit", re.I)


_OF_ROUTES = frozenset({"path", "url", "route", "endpoint", "raw_path"})
"""What tells the routes of requests apart: who counts by it has a count for each limit."""


@dataclass(frozen=True, slots=True)
class SharedStore:
    """A limiter's factory, the name of the store, where it is used and the uses with other limits."""

    function: Function
    name: str
    location: Location
    uses: tuple[Location, ...]


def shared_stores(program: Program) -> Iterator[SharedStore]:
    """The factories of limiters that count in a dictionary of the module, by the client alone or on one route."""
    for module in program.modules.by_file.values():
        facts = module.facts
        numbered = [(number, item[2]) for number, item in enumerate(facts.functions) if item[2] >= 0]
        inner = [around for number, around in numbered if facts.body_speaks(number, _MANY)]
        for number in dict.fromkeys(inner):
            function = None if program.is_test(module) else program.sites.function(module, number)
            if function is not None and function.parameters and (found := _of_factory(program, function)) is not None:
                yield found


def _of_factory(program: Program, factory: Function) -> SharedStore | None:
    own = {parameter[0] for parameter in factory.parameters}
    facts = factory.module.facts
    for number in inner_numbers(factory)[1:]:
        for form in walk(facts.body(number)):
            match form:
                case ["assign", at, [["sub", _, ["name", _, name], key]], value] if value[0] in ("comp", "list"):
                    names, parts = _made_of(key, facts.body(number))
                    if _is_store(factory, str(name)) and not names & own and _purges(value):
                        uses = _different_uses(program, factory, bool(parts & _OF_ROUTES))
                        if len(uses) > 1:
                            place = Location(factory.module.path, span_of(at))
                            return SharedStore(factory, str(name), place, tuple(uses))
    return None


def _made_of(key: Form, body: list[Form]) -> tuple[set[str], set[str]]:
    """The names that a key is made of, through one assignment, and the attributes and keys that are read for it."""
    forms = [key]
    names = names_in(key)
    for form in walk(body):
        if form[0] == "assign" and any(target[0] == "name" and target[2] in names for target in form[2]):
            forms.append(form[3])
            names |= names_in(form[3])
    return names, {str(form[-1]) for form in walk(forms) if form[0] in ("attr", "const")}


def _is_store(factory: Function, name: str) -> bool:
    return name in factory.module.scope.names


def _purges(value: Form) -> bool:
    return value[0] == "comp" and bool(value[5][0][2])


def _different_uses(program: Program, factory: Function, by_route: bool) -> list[Location]:
    """The calls with other arguments than those before them; `by_route`: of the first route that has several."""
    calls = [(block.location(call), repr(_plain([*call[3], *call[4]]))) for block, call, _ in callers(program, factory)]
    if not by_route:
        return _first_of_each(calls)
    for route in program.routes if len(calls) > 1 else ():
        written = [node.written.location for node in route.nodes() if node.written is not None]
        found = _first_of_each([item for item in calls if any(_is_within(item[0], place) for place in written)])
        if len(found) > 1:
            return found
    return []


def _first_of_each(calls: list[tuple[Location, str]]) -> list[Location]:
    return list({arguments: location for location, arguments in reversed(calls)}.values())[::-1]


def _is_within(inner: Location, outer: Location) -> bool:
    return inner.path == outer.path and _start(outer) <= _start(inner) < (outer.span.end_line, outer.span.end_column)


def _start(location: Location) -> tuple[int, int]:
    return location.span.line, location.span.column


def _plain(form: object) -> object:
    if isinstance(form, list):
        return [_plain(item) for number, item in enumerate(form) if not (number == 1 and isinstance(item, int))]
    return form if not isinstance(form, int) or form < 1_000_000 else None
