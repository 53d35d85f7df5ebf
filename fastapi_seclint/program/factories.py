"""Applications that the project makes only when somebody else asks: classes to instantiate, functions that fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.program import calls
from fastapi_seclint.program.inside import object_of
from fastapi_seclint.program.models import names_configuration
from fastapi_seclint.program.routers import Mount, Router, native
from fastapi_seclint.program.values import Arguments, Class, Function, Instance
from fastapi_seclint.program.worthwhile import builds

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.modules import Module


def make_applications(interpreter: Interpreter, modules: Sequence[Module]) -> None:
    """Make an object of every subclass of FastAPI of which nobody makes one: the project is a framework of its own."""
    made: set[int] = set()
    for router in interpreter.routers:
        if router.instance is not None and isinstance(router.instance.cls, Class):
            made.update(id(base) for base in router.instance.cls.lineage())
    for module in sorted(modules, key=lambda item: item.file):
        for value in list(module.scope.names.values()):
            if not isinstance(value, Class) or value.module is not module or id(value) in made:
                continue
            if "fastapi.applications.FastAPI" in value.external_bases():
                made_one = calls.instantiate(interpreter, value, Arguments(), value.place)
                for instance in native(made_one):
                    if instance.native is not None:
                        instance.native.made_in = value.dotted


def fill_applications(interpreter: Interpreter, modules: Sequence[Module], call: Callable[[Module, int], None]) -> None:
    """Call the functions that ask another one for an application which that one leaves without routes."""
    empty = {
        router.made_in.rpartition(".")[2]
        for router in interpreter.routers
        if router.kind == "app" and not router.entries and router.made_in and not _has_class(router)
    }
    names = [f'"{name}"'.encode() for name in sorted(empty)]
    for module in sorted(modules, key=lambda item: item.file):
        if not module.facts.words & empty:
            continue
        for number, function in enumerate(module.facts.functions):
            if function[2] < 0 and any(module.facts.body_mentions(number, name) for name in names):
                call(module, number)


def fill_by_hand(interpreter: Interpreter, modules: Sequence[Module], call: Callable[[Module, int], None]) -> None:
    """Call the functions that hand an application without routes to what fills it: `register_routers(app)`."""
    if not any(_is_bare(router) for router in interpreter.routers):
        return
    idle = {
        function.name
        for key, function in interpreter.functions.items()
        if key not in interpreter.invoked and function.parameters and builds(function)
    }
    names = [f'"{name}"'.encode() for name in sorted(idle)]
    for module in sorted(modules, key=lambda item: item.file):
        for number, function in enumerate(module.facts.functions if module.facts.words & idle else ()):
            if function[2] < 0 and any(module.facts.body_mentions(number, name) for name in names):
                call(module, number)


def _is_bare(router: Router) -> bool:
    """Whether an application has mounts at most."""
    return router.kind == "app" and all(isinstance(entry, Mount) for entry in router.entries)


def configuration_for(interpreter: Interpreter, function: Function | None) -> Arguments:
    """What a function that nobody calls is given: an object for each parameter that is the configuration."""
    given = Arguments()
    if function is None:
        return given
    for form, default in zip(function.parameters, function.defaults, strict=True):
        if form[2] is None or default is not None:
            continue
        found = object_of(interpreter, form[2], function.scope)
        if isinstance(found, Instance) and isinstance(found.cls, Class) and names_configuration(found.cls):
            given.keywords[form[0]] = found
    return given


def _has_class(router: Router) -> bool:
    return router.instance is not None and isinstance(router.instance.cls, Class)
