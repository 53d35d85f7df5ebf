"""Context variables in which a middleware keeps the request for whoever asks later: `current.set(request)`.

What it sets there is what a function further in gets (docs.python.org/3/library/contextvars.html), so that one knows
who is calling although nobody hands it anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.implementers import CONNECTIONS
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.request_holders import is_connection, types_of
from fastapi_seclint.program.values import External, Function, Place, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

VARIABLE = "contextvars.ContextVar()"
_ROUNDS = 8
"""How many calls may lie between a guard and what reads the variable for it."""
_Places = set[tuple[str, int]]
_KNOWN: WeakKeyDictionary[Interpreter, tuple[_Places, _Places]] = WeakKeyDictionary()


def holds_request(interpreter: Interpreter, variable: External | None) -> bool:
    """Whether the project puts a request in a context variable."""
    return variable is not None and variable.place is not None and _key(variable.place) in _known(interpreter)[0]


def reads_request(interpreter: Interpreter, function: Function) -> bool:
    """Whether a function gets the request out of such a variable, by itself or by functions that it calls."""
    return (function.module.file, function.number) in _known(interpreter)[1]


def reads_variable(function: Function, names: Set[str]) -> bool:
    """Whether a function itself asks one of these variables, `_operator.get()`."""
    return not names.isdisjoint(function.module.facts.words) and any(
        form[2][0] == "attr" and form[2][3] == "get" and last_name(form[2][2]) in names
        for form in function.forms.of("call")
    )


def reads_any_variable(interpreter: Interpreter, function: Function) -> bool:
    """Whether a function itself asks a context variable, whatever is kept in it."""
    return any(
        form[2][0] == "attr" and form[2][3] == "get" and any(True for _ in _variables(interpreter, function, form))
        for form in function.forms.of("call")
    )


def _known(interpreter: Interpreter) -> tuple[_Places, _Places]:
    if interpreter not in _KNOWN:
        _KNOWN[interpreter] = (set(), set())
        held = set(_held(interpreter))
        _KNOWN[interpreter] = (held, _readers(interpreter, held) if held else set())
    return _KNOWN[interpreter]


def _key(place: Place) -> tuple[str, int]:
    return place.module.file, place.at


def _held(interpreter: Interpreter) -> Iterator[tuple[str, int]]:
    """The places of the variables that are set to a parameter which is a request."""
    for function, call in _calls(interpreter, "set", CONNECTIONS):
        given = call[3][0] if len(call[3]) == 1 else ["?", 0]
        told = [item[2] for item in function.parameters if given == ["name", given[1], item[0]] and item[2] is not None]
        if any(is_connection(one) for annotation in told for one in types_of(interpreter, function, annotation)):
            yield from _variables(interpreter, function, call)


def _readers(interpreter: Interpreter, held: _Places) -> _Places:
    found: _Places = set()
    fresh: list[Function] = []
    for function, call in _calls(interpreter, "get"):
        if held.intersection(_variables(interpreter, function, call)):
            fresh.append(function)
    for _ in range(_ROUNDS):
        found.update((function.module.file, function.number) for function in fresh)
        callers = [
            function
            for name in {function.name for function in fresh}
            for function, call in _calls(interpreter, name)
            if (function.module.file, function.number) not in found and _is_of(interpreter, function, call, found)
        ]
        fresh = callers
    return found


def _is_of(interpreter: Interpreter, function: Function, call: Form, known: _Places) -> bool:
    called = options(FunctionScope(interpreter, function).ask(call[2]))
    return any(isinstance(one, Function) and (one.module.file, one.number) in known for one in called)


def _calls(
    interpreter: Interpreter, name: str, spoken: frozenset[str] = frozenset()
) -> Iterator[tuple[Function, Form]]:
    """The calls of what has a name, in functions of the files that have one of the words `spoken` in them."""
    for module in interpreter.modules.by_file.values():
        if spoken and not spoken & module.facts.words:
            continue
        for number in module.facts.speaking(f'"{name}"'.encode()):
            function = interpreter.functions.get((module.file, number))
            for form in function.forms.of("call") if function is not None else ():
                if form[2][0] in ("name", "attr") and form[2][-1] == name and function is not None:
                    yield function, form


def _variables(interpreter: Interpreter, function: Function, call: Form) -> Iterator[tuple[str, int]]:
    if call[2][0] == "attr":
        for option in options(FunctionScope(interpreter, function).ask(call[2][2])):
            if isinstance(option, External) and option.name == VARIABLE and option.place is not None:
                yield _key(option.place)
