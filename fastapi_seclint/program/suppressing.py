"""Context managers of the project that let a failure go: what their `with` block raises ends there, and all goes on."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import GENERATOR, Form, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.values import Bound, Class, Function, Instance, Value, options

_OF_TOKENS = re.compile(r"jwt|jo?se|jws|token|signature|claim|decod|expired|credential|^(Base)?Exception$", re.I)
"""What exceptions are called that a bad token raises, in the libraries and in projects, or that catch all of them."""


def lets_go(made: Value) -> bool:
    """Whether a `with` on this goes on behind it where a token in its block is bad."""
    return bool(let_go(made))


def let_go(made: Value) -> list[Form | None]:
    """The exceptions that a `with` on this lets go, if those of bad tokens are among them; None stands for all.

    `made` is what the `with` calls. A generator (`contextlib.contextmanager`) catches around its `yield`; the
    `__exit__` of an object says so by giving something true (Python reference, 3.3.9).
    """
    for option in options(made):
        function = option.function if isinstance(option, Bound) else option
        found: list[Form | None] = []
        if isinstance(function, Function) and function.number >= 0 and function.flags & GENERATOR:
            found = _caught_around_yield(function)
        elif isinstance(option, Class | Instance) and (leaving := _leaving(option)) is not None:
            found = _answered(leaving)
        if found:
            return found
    return []


def _caught_around_yield(function: Function) -> list[Form | None]:
    for form in function.forms.of("try"):
        handlers = [handler for handler in form[3] if _is_for_tokens(handler[0])]
        if handlers and any(inner[0] == "yield" for inner in walk(form[2])):
            raising = any(inner[0] == "raise" for handler in handlers for inner in walk(handler[2]))
            return [] if raising else [handler[0] for handler in handlers]
    return []


def _is_for_tokens(kind: Form | None) -> bool:
    kinds = [kind] if kind is None or kind[0] != "tuple" else kind[2]
    return any(item is None or _OF_TOKENS.search(str(item[-1])) is not None for item in kinds)


def _leaving(manager: Class | Instance) -> Function | None:
    made = manager if isinstance(manager, Instance) else Instance(manager)
    found = (method_of(made, name) for name in ("__exit__", "__aexit__"))
    return next((function for function in found if function is not None and function.number >= 0), None)


def _answered(leaving: Function) -> list[Form | None]:
    """For which errors leaving a block may give something true: for all, or for those of tokens that it asks for."""
    if leaving.forms.of("raise"):
        return []
    if any(_is_yes(form) and form[2][0] == "const" for form in leaving.statements()):
        return [None]
    if not any(_is_yes(form) for form in leaving.forms.of("return")):
        return []
    classes = [form for form in leaving.forms.of("name", "attr") if form[-1].lstrip("_")[:1].isupper()]
    return [form for form in classes if _OF_TOKENS.search(form[-1])]


def _is_yes(form: Form) -> bool:
    """Whether a statement returns something that may be true."""
    return form[0] == "return" and form[2] is not None and (form[2][0] != "const" or bool(form[2][2]))
