"""Handlers run with what a client sends them, so that one sees what becomes of it wherever it goes.

A field `password` of a body is the library value `request.password`, and what is taken from it, `request.password.
encode()`. A `SecretStr` is `request.sealed.password`. Dependencies are run first and give what they give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import GENERATOR
from fastapi_seclint.program import calls
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.interpreter import BudgetSpent
from fastapi_seclint.program.rehearsal import Act, Rehearsal
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    External,
    Instance,
    Value,
    bare_type,
    options,
)
from fastapi_seclint.subjects.leaks.masked_types import sealed_fields
from fastapi_seclint.subjects.owners.records import classes_in, field_names

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.routes import Route

_STEPS = 6000
_DEPTH = 14
_DEEPEST = 3
"""How many dependencies are run one for another."""
SENT = "request."
_SEALED = f"{SENT}sealed."
_OPENED = ".get_secret_value()"
_FORMS = ("OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict")


def rehearsed(program: Program, route: Route, judge: Callable[[Act], str]) -> Rehearsal | None:
    """What is seen while a route's handler runs with what a client sends; None where no code of it is in sight.

    `judge` gives what is worth to be noted a name, the moment it is done.
    """
    endpoint = route.endpoint
    if endpoint is None or running(endpoint) is None:
        return None
    interpreter, seen = program.interpreter, Rehearsal(judge)
    before = interpreter.enter(_STEPS)
    invoked, interpreter.invoked = interpreter.invoked, set()
    endless = set(interpreter.endless)
    interpreter.deepest, interpreter.rehearsal = _DEPTH, seen
    try:
        _Run(program).call(endpoint, 0)
    except (BudgetSpent, RecursionError):
        pass
    finally:
        interpreter.rehearsal = None
        seen.ran = frozenset(interpreter.invoked)
        interpreter.invoked, interpreter.endless = invoked, endless
        interpreter.leave(before)
        seen.undo()
    return seen


class _Run:
    """Calls handlers and dependencies with what FastAPI gives them."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def call(self, function: Value, depth: int) -> Value:
        """What a handler or dependency gives; the first thing that a generator yields."""
        given = {parameter.name: self._given(parameter, depth) for parameter in parameters(function)}
        inner = running(function)
        if inner is not None and inner.owner is not None and inner.kind == "function" and function is inner:
            given[inner.parameters[0][0]] = Instance(inner.owner, place=inner.place)
        place = inner.place if inner is not None else getattr(function, "place", None)
        if place is None:
            return function
        made = calls.call(self._program.interpreter, function, Arguments(keywords=given), place)
        yields = inner is not None and not isinstance(function, Class) and bool(inner.flags & GENERATOR)
        return made.items[0] if yields and isinstance(made, Collection) and made.items else made

    def _given(self, parameter: Parameter, depth: int) -> Value:
        resolver = self._program.walker.resolver
        needed = resolver.dependency_of(parameter)
        if needed is not None:
            return self._provided(needed[1], parameter, depth)
        annotation = bare_type(resolver.annotation(parameter))
        for cls in classes_in(annotation):
            return self._model(cls)
        if isinstance(annotation, External) and annotation.name.rpartition(".")[2][:1].isupper():
            return External(f"{annotation.name}()", Arguments(), annotation, parameter.place)
        return External(SENT + parameter.name, None, None, parameter.place)

    def _provided(self, dependency: Value | None, parameter: Parameter, depth: int) -> Value:
        for option in options(dependency):
            if isinstance(option, External):
                name = option.name.removesuffix("()").rpartition(".")[2]
                if name in _FORMS or name == "HTTPBasic":
                    return External(f"{SENT}form()", Arguments(), None, parameter.place)
                return External(f"{option.name}()", Arguments(), option, parameter.place)
            if depth < _DEEPEST:
                return self.call(option, depth + 1)
        return External(f"{SENT}given", None, None, parameter.place)

    def _model(self, cls: Class) -> Instance:
        """A body: each field is what the client sent for it."""
        made = Instance(cls, place=cls.place)
        sealed = sealed_fields(self._program, cls)
        for name in field_names(cls):
            made.attributes[name] = External((_SEALED if name in sealed else SENT) + name, None, None, cls.place)
        return made


def sent_name(value: Value, *, shown: bool = False) -> str:
    """What a client called a value that is what he sent, whatever its type is by now: `password`; empty for others.

    With `shown` also for what its text does not tell.
    """
    if not isinstance(value, External):
        return ""
    if value.name in _CONVERSIONS and value.arguments is not None and value.arguments.positional:
        return sent_name(value.arguments.positional[0], shown=shown)
    if not value.name.startswith(SENT) or (shown and value.name.startswith(_SEALED) and _OPENED not in value.name):
        return ""
    name = bare_name(value.name).removeprefix(SENT).rpartition(".")[2]
    return "" if name.endswith("()") else name


def bare_name(name: str) -> str:
    """The name of a library's value without what only changes its type: `row.password` for `row.password.encode()`."""
    while (cut := name.rpartition("."))[2] in _SAME:
        name = cut[0]
    return name


_CONVERSIONS = frozenset({"builtins.str()", "builtins.bytes()", "builtins.bytearray()", "typing.cast()"})
_SAME = frozenset(
    {"encode()", "decode()", "strip()", "lower()", "get_secret_value()", "removeprefix()", "removesuffix()"}
)
