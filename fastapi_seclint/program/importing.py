"""Import statements: the names that they bind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.library_names import offered
from fastapi_seclint.program.module_calls import imported
from fastapi_seclint.program.names import external
from fastapi_seclint.program.scopes import Pending, Scope
from fastapi_seclint.program.values import (
    ModuleValue,
    Place,
    Unknown,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.modules import Module


_DEEPEST = 40
"""How many files may import one another before what is imported waits until somebody asks for it."""


def bind_modules(interpreter: Interpreter, form: Form, scope: Scope) -> None:
    """What `import a.b, c as d` binds; a module of the project runs first where the statement is a module's own."""
    _, at, names = form
    for name, alias in names:
        top = name.partition(".")[0]
        found = interpreter.modules.absolute(name, scope.module)
        if found is not None and scope is scope.module.scope:
            interpreter.run_module(found)  # it may put things where others find them
        if alias:
            scope.bind(alias, ModuleValue(found) if found else external(name, Place(scope.module, at)))
            continue
        package = interpreter.modules.absolute(top, scope.module)
        scope.bind(top, ModuleValue(package) if found and package else external(top, Place(scope.module, at)))


def bind_members(interpreter: Interpreter, form: Form, scope: Scope) -> None:
    """What `from a import b, c as d` binds; a name of the project is looked up when somebody asks for it."""
    _, at, level, name, names = form
    modules = interpreter.modules
    module = modules.relative(level, name, scope.module) if level else modules.absolute(name, scope.module)
    place = Place(scope.module, at)
    if module is not None and scope is scope.module.scope and interpreter.importing < _DEEPEST:
        _run_first(interpreter, module, [item for item, _ in names])
    for item, alias in names:
        if item == "*":
            _import_star(module, scope)
            for found in offered(name, scope.module.facts.words) if module is None and not level else ():
                scope.bind(found, external(f"{name}.{found}", place))
        elif module is None:
            value = Unknown(f"{'.' * level}{name} is not in sight") if level else external(f"{name}.{item}", place)
            scope.bind(alias or item, value)
        else:
            beside = "" if level else f"{name}.{item}"
            scope.bind(alias or item, Pending(partial(imported, interpreter, module, item, place, beside)))


def _run_first(interpreter: Interpreter, module: Module, items: list[str]) -> None:
    """Run a module of the project that names are taken from, and those of its modules that are among them.

    They may put things where others find them: handlers that enter themselves in a list as their file is imported.
    """
    interpreter.run_module(module)
    for item in items:
        child = interpreter.modules.child(module, item) if item not in module.scope.names else None
        if child is not None:
            interpreter.run_module(child)


def _import_star(module: Module | None, scope: Scope) -> None:
    if module is not None and module is not scope.module and module not in scope.module.stars:
        scope.module.stars.append(module)
