"""Wrappers of decorators that only pass calls on: `@timed` and `@traced` leave a function what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import (
    ASYNC,
    GENERATOR,
    KEYWORDS,
    VARIADIC,
    Form,
    Forms,
    awaited,
    beginning,
    is_name,
    last_name,
    walk,
)
from fastapi_seclint.program.values import External, Function, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_OTHER_WAYS = (
    "raise", "yield", "yieldfrom", "assert", "def", "class", "global", "nonlocal", "delete", "lambda", "comp",
)  # fmt: skip
_PERHAPS = ("if", "for", "while", "ifexp", "bool")
"""What may leave the call out, so that nobody is asked."""
_TELLING = tuple(
    f"{package}."
    for package in (
        "asyncio", "builtins", "datetime", "ddtrace", "logging", "loguru", "opentelemetry", "prometheus_client",
        "sentry_sdk", "statsd", "structlog", "time", "uuid", "warnings",
    )
)  # fmt: skip
"""Packages whose functions tell something, to whom else it may concern, and refuse nobody."""
_LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "trace", "success"})
"""How loggers of all libraries are told something."""


def passes_on(interpreter: Interpreter, wrapper: Function, wrapped: Function) -> bool:
    """Whether a wrapper does nothing with a call but to tell of it: what comes in goes on, what comes out comes back.

    It has to show itself as the function that it wraps (`functools.wraps`), since FastAPI would else see its `*args`.
    """
    if wrapper.wraps is not wrapped or wrapper.number < 0 or wrapper.flags & GENERATOR:
        return False
    if wrapper.flags & ASYNC and not wrapped.flags & ASYNC:
        return False
    kinds = [item[1] for item in wrapper.parameters]
    if kinds != [VARIADIC, KEYWORDS]:
        return False
    forms = wrapper.forms
    contexts = [context for form in forms.of("with") for context, _ in form[2]]
    if forms.of(*_OTHER_WAYS) or any(map(_hides, forms.of("try"))) or any(one[0] != "call" for one in contexts):
        return False
    calls = [call for call in forms.of("call") if _is_passed_on(interpreter, wrapper, wrapped, call)]
    perhaps = (inner for form in forms.of(*_PERHAPS) for inner in walk(form))
    if len(calls) != 1 or not _comes_back(forms, calls[0]) or any(inner is calls[0] for inner in perhaps):
        return False
    beside = [call for call in forms.of("call") if call is not calls[0]]
    return _keeps_apart(wrapper, forms.of("call")) and all(_tells(interpreter, wrapper, call) for call in beside)


def _is_passed_on(interpreter: Interpreter, wrapper: Function, wrapped: Function, call: Form) -> bool:
    """`function(*args, **kwargs)` of the function around."""
    args, kwargs = (item[0] for item in wrapper.parameters)
    match call:
        case ["call", _, ["name", *_] as function, [["star", _, given]], [[None, named, _]]]:
            return (
                is_name(given, args)
                and is_name(named, kwargs)
                and interpreter.evaluate(function, wrapper.scope) is wrapped
            )
    return False


def _hides(attempt: Form) -> bool:
    """Whether a `try` may keep a refusal back: it catches something, or returns at the end, whatever was raised."""
    return bool(attempt[3]) or any(form[0] == "return" for form in walk(attempt[5]))


def _comes_back(forms: Forms, call: Form) -> bool:
    """Whether all that is returned is what the call gave."""
    names = forms.names_of(lambda value: awaited(value) is call)
    returned = [form[2] for form in forms.of("return")]
    whole = all(value is not None and (awaited(value) is call or _is_one(value, names)) for value in returned)
    bound = [name for name, _ in forms.bindings()]
    return bool(returned) and whole and all(bound.count(name) == 1 for name in names)


def _is_one(form: Form, names: set[str]) -> bool:
    return any(is_name(form, name) for name in names)


def _keeps_apart(wrapper: Function, calls: list[Form]) -> bool:
    """Whether what comes in is spoken of in these calls only."""
    names = {item[0] for item in wrapper.parameters}
    inside = {id(form) for call in calls for form in walk(call)}
    return all(id(form) in inside for form in wrapper.forms.of("name") if form[2] in names)


def _tells(interpreter: Interpreter, wrapper: Function, call: Form) -> bool:
    """Whether a call beside the one that is passed on reads a clock, writes to a log, opens a span or the like."""
    root = beginning(call[2], ("attr", "call"))
    if last_name(call[2]) in _LEVELS or (call[2][0] == "attr" and root in bound_names(wrapper.statements())):
        return True
    found = list(options(interpreter.evaluate(call[2], wrapper.scope))) if root else []
    return bool(found) and all(isinstance(one, External) and one.name.startswith(_TELLING) for one in found)
