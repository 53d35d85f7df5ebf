"""The functions of the project that another one reaches by calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.program.request_holders import holders
from fastapi_seclint.program.values import Bound, Function, Partial, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.code.properties import properties_behind
from fastapi_seclint.subjects.rights.powerless import without_effect
from fastapi_seclint.subjects.rights.ways import called_on_one_way

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_KNOWN: WeakKeyDictionary[Program, dict[tuple[str, int, bool], list[Function]]] = WeakKeyDictionary()
_DEPTH = 3
_MOST = 40


def reached(
    program: Program, function: Function, depth: int = _DEPTH, *, always: bool = False, reading: bool = False
) -> Iterator[Function]:
    """A function, those it defines and those of the project that it calls, nearest first.

    `always`: only by calls that are made for everybody and whose answer has an effect; `reading`: properties that are
    read, too.
    """
    seen: set[tuple[str, int]] = set()
    pending = [(function, 0)]
    while pending and len(seen) < _MOST:
        current, level = pending.pop(0)
        key = (current.module.file, current.number)
        if key in seen or current.number < 0:
            continue
        seen.add(key)
        yield current
        if level < depth:
            pending += [(inner, level + 1) for inner in _called_by(program, current, always)]
            pending += [(inner, level + 1) for inner in _read_by(program, current)] if reading else []


def _read_by(program: Program, function: Function) -> Iterator[Function]:
    """The properties that a function reads."""
    block = body_of(program, function)
    for form in block.forms.of("attr") if block is not None else ():
        if block is not None:
            yield from properties_behind(program, block, form)


def injected(program: Program, handler: Function) -> list[Function]:
    """The methods that a handler calls of objects which were made of the request, and so know the caller themselves."""
    known = holders(program.interpreter)
    return [inner for inner in reached(program, handler, 1) if inner.owner is not None and id(inner.owner) in known]


def _called_by(program: Program, function: Function, always: bool) -> list[Function]:
    """The functions that one calls and defines; found once a program, since many rules ask the same handlers."""
    known = _KNOWN.setdefault(program, {})
    key = (function.module.file, function.number, always)
    if key not in known:
        known[key] = list(_search(program, function, always))
    return known[key]


def _search(program: Program, function: Function, always: bool) -> Iterator[Function]:
    block = body_of(program, function)
    passed = called_on_one_way(function) if always else frozenset()
    idle = without_effect(program, function) if always else frozenset()
    for form in block.forms.of("call") if block is not None else ():
        if block is None or form[1] in passed or id(form) in idle:
            continue
        if form[2][0] in ("name", "attr"):
            yield from (found for found, _ in called(program, block, form))
            yield from _prepared(ask(program, block, form[2]))
    for number in function.module.facts.inside(function.number):
        inner = program.sites.function(function.module, number)
        if inner is not None:
            yield inner


def _prepared(value: Value) -> Iterator[Function]:
    """The functions that a call runs with arguments that were put down for it: `check = partial(demand, "write")`."""
    for option in options(value):
        made = option.function if isinstance(option, Partial) else None
        made = made.function if isinstance(made, Bound) else made
        if isinstance(made, Function) and made.number >= 0:
            yield made
