"""Middleware that takes bearer or Basic credentials out of the header and refuses itself, by the project's own code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.routers import Layer
from fastapi_seclint.program.values import Class, External, Function, Instance, options
from fastapi_seclint.subjects.guards.bearer_schemes import Scheme
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HANDLED = ("dispatch", "__call__")
_OF_STARLETTE = "starlette.middleware.authentication.AuthenticationMiddleware"
"""Its `backend` reads the header and its `on_error` makes the answer (starlette/middleware/authentication.py)."""
_SCHEMES: tuple[tuple[str, Scheme], ...] = (("basic", "Basic"), ("bearer", "Bearer"))


def refusing_layers(program: Program) -> Iterator[tuple[Function, Scheme]]:
    """The functions of a middleware that answer requests, with the one scheme that it takes."""
    for app in program.apps:
        for layer in app.layers:
            for option in options(layer.what):
                if isinstance(option, External) and option.name == _OF_STARLETTE:
                    yield from _of_backend(program, layer)
                functions = _functions(option) if isinstance(option, Class | Function) else []
                if functions and (scheme := _taken(program, functions)):
                    own = [item for item in functions if item.name in _HANDLED or len(functions) == 1]
                    yield from ((item, scheme) for item in own if not program.is_test(item.module))


def _of_backend(program: Program, layer: Layer) -> Iterator[tuple[Function, Scheme]]:
    """The function that answers what Starlette's middleware refuses, with the scheme that the backend takes."""
    backends = [item for item in options(layer.arguments.get("backend", 0)) if isinstance(item, Instance)]
    classes = [item.cls for item in backends if isinstance(item.cls, Class)]
    methods = [item for cls in classes for item in cls.namespace.values() if isinstance(item, Function)]
    scheme = _scheme([form for item in methods if item.number >= 0 for form in item.forms.every])
    for option in options(layer.arguments.get("on_error", 1)):
        if scheme is not None and isinstance(option, Function) and not program.is_test(option.module):
            yield option, scheme


def _functions(value: Class | Function) -> list[Function]:
    if isinstance(value, Function):
        return [value]
    methods = [item for item in value.namespace.values() if isinstance(item, Function) and item.number >= 0]
    return methods if any(item.name in _HANDLED for item in methods) else []


def _taken(program: Program, functions: list[Function]) -> Scheme | None:
    """The scheme of what a middleware reads of the header, in functions that it calls as well."""
    own = [form for item in functions for form in item.forms.every]
    if (found := _scheme(own)) is not None or not any(form[0] == "const" and _is_header(form) for form in own):
        return found
    return _scheme([form for item in functions for one in reached(program, item, 2) for form in one.forms.every])


def _is_header(form: Form) -> bool:
    return isinstance(form[2], str) and form[2].lower() == "authorization"


def _scheme(forms: list[Form]) -> Scheme | None:
    """The scheme of credentials that code reads of the header; None where it reads several or a cookie as well."""
    words = {str(form[2]).strip().lower() for form in walk(forms) if form[0] == "const" and isinstance(form[2], str)}
    named = {form[3] for form in forms if form[0] == "attr"}
    found = [scheme for word, scheme in _SCHEMES if word in words]
    if not found and any(form[0] == "attr" and form[3] == "decode" and last_name(form[2]) == "jwt" for form in forms):
        found = ["Bearer"]  # the scheme of what the header brings is not looked at (RFC 6750, section 2.1)
    return found[0] if "authorization" in words and len(found) == 1 and "cookies" not in named else None
