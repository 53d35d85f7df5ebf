"""Which of a project's applications have a middleware or a header: one that has it does nothing for the others.

What cannot be followed to an application, a helper that adds it or sets it, may be any application's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import Router
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.hardening.applications import Setting, used_configurations
from fastapi_seclint.subjects.hardening.middleware import Kind

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def has_layer(program: Program, app: Router, kind: Kind) -> bool:
    """Whether an application has a middleware of this kind, or may have it."""
    used = used_configurations(program, kind)
    if not used or any(kind.fits(layer.what) for layer in app.layers):
        return bool(used)
    followed = {
        (layer.place.module.file, layer.place.at)
        for other in program.apps
        for layer in other.layers
        if kind.fits(layer.what)
    }
    return not all((item.block.module.file, item.call.form[1]) in followed for item in used)


def bears(program: Program, app: Router, headers: Iterable[Setting]) -> bool:
    """Whether an application's responses have one of these headers, or may have it."""
    files = {header.location.path for header in headers}
    own = set(_homes(app))
    others = {path for other in program.apps if other is not app for path in _homes(other)}
    return bool(files & own or files - others)


def own_middleware(program: Program, headers: Iterable[Setting]) -> Class | None:
    """The project's class of middleware, added to another application without options, that sets these headers."""
    files = {header.location.path for header in headers}
    for layer in (layer for app in program.apps for layer in app.layers):
        bare = not layer.conditional and len(layer.arguments.positional) < 2 and not layer.arguments.keywords
        for option in options(layer.what) if bare and not layer.arguments.open else ():
            if isinstance(option, Class) and option.place.module.path in files:
                return option
    return None


def _homes(app: Router) -> Iterator[str]:
    """The files that the project's own layers of an application stand in."""
    for layer in app.layers:
        for option in options(layer.what):
            if isinstance(option, Function):
                yield option.module.path
            elif isinstance(option, Class):
                yield from (base.place.module.path for base in option.lineage() if isinstance(base, Class))
