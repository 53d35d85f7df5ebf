"""Context managers of the project that let a failure go: what their `with` block raises ends there, and all goes on."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import GENERATOR, Form, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.values import Bound, Class, Function, Instance, Value, options

_OF_TOKENS = re.compile(r"jwt|jo?se|jws|token|signature|claim|decod|expired|credential|^(Base)?Exception$", re.I)
"""What exceptions are called that a bad token raises, in the libraries and in projects, or that catch all of them."""


def lets_go(made: Value) -> bool:
    """Whether a `with` on this goes on behind it where a token in its block is bad.

    `made` is what the `with` calls. A generator (`contextlib.contextmanager`) catches around its `yield`; the
    `__exit__` of an object says so by giving something true (Python reference, 3.3.9).
    """
    for option in options(made):
        function = option.function if isinstance(option, Bound) else option
        if isinstance(function, Function) and function.number >= 0 and function.flags & GENERATOR:
            if _catches_around_yield(function):
                return True
        elif isinstance(option, Class | Instance):
            leaving = _leaving(option)
            if leaving is not None and _may_say_yes(leaving):
                return True
    return False


def _catches_around_yield(function: Function) -> bool:
    for form in function.forms.of("try"):
        handlers = [handler for handler in form[3] if _is_for_tokens(handler[0])]
        if handlers and any(inner[0] == "yield" for inner in walk(form[2])):
            return not any(inner[0] == "raise" for handler in handlers for inner in walk(handler[2]))
    return False


def _is_for_tokens(kind: Form | None) -> bool:
    kinds = [kind] if kind is None or kind[0] != "tuple" else kind[2]
    return any(item is None or _OF_TOKENS.search(str(item[-1])) is not None for item in kinds)


def _leaving(manager: Class | Instance) -> Function | None:
    made = manager if isinstance(manager, Instance) else Instance(manager)
    found = (method_of(made, name) for name in ("__exit__", "__aexit__"))
    return next((function for function in found if function is not None and function.number >= 0), None)


def _may_say_yes(leaving: Function) -> bool:
    """Whether leaving a block may give something true for a bad token: it always does, or asks for such an error."""
    if leaving.forms.of("raise"):
        return False
    always = any(_is_yes(form) and form[2][0] == "const" for form in leaving.statements())
    asked = any(_OF_TOKENS.search(str(form[-1])) for form in leaving.forms.of("name", "attr"))
    return always or (asked and any(_is_yes(form) for form in leaving.forms.of("return")))


def _is_yes(form: Form) -> bool:
    """Whether a statement returns something that may be true."""
    return form[0] == "return" and form[2] is not None and (form[2][0] != "const" or bool(form[2][2]))
