"""What the calls of a function hand to a parameter that says nothing of itself: `def check(user, item)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, last_name, named_arguments
from fastapi_seclint.program.values import Bound, Environment, Function, Instance, Unknown, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.modules import Module
    from fastapi_seclint.program.scopes import Scope

Inside = Callable[[Function], "Scope"]
"""The names inside a function that is not run."""
_MOST_CALLS = 20


class Handed:
    """What is known of a program's helpers: what they are handed, where they are called, and the names inside them."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, int, str], Instance | None] = {}
        self.callers: dict[tuple[str, int], list[Module]] = {}
        self.scopes: dict[tuple[str, int], Scope] = {}

    def scope(self, function: Function, inside: Inside) -> Scope:
        """The names inside a function, the same whoever asks."""
        key = (function.module.file, function.number)
        return self.scopes.get(key) or self.scopes.setdefault(key, inside(function))


def handed(interpreter: Interpreter, function: Function, name: str, inside: Inside) -> Instance | None:
    """The object that the calls of a function hand to a parameter: always one of the same class, as far as it shows.

    None where calls differ, where there are too many to be a helper's, and where the function itself is handed on, so
    that others may call it. Calls of tests count for nothing.
    """
    if function.number < 0 or any(form[0] == name and form[1] in (VARIADIC, KEYWORDS) for form in function.parameters):
        return None
    known = interpreter.handed.objects
    key = (function.module.file, function.number, name)
    if key not in known:
        modules = _callers(interpreter, function)
        if any(module.state != "done" for module in modules):
            return None
        known[key] = None
        with interpreter.for_all():
            known[key] = _shared(_given(interpreter, function, name, modules, inside))
    return known[key]


def _shared(given: Iterator[Value]) -> Instance | None:
    """One object for all that are given; None where they are of several classes, or no objects."""
    found: Instance | None = None
    for value in given:
        for option in options(value):
            other = found is not None and isinstance(option, Instance) and option.cls is not found.cls
            if not isinstance(option, Instance) or option.native is not None or other:
                return None
            found = Instance(option.cls, place=option.place)
    return found


def _callers(interpreter: Interpreter, function: Function) -> list[Module]:
    """The files that call a function; none where one speaks of it otherwise, `Depends(check)`, or all do so often."""
    known = interpreter.handed.callers
    key = (function.module.file, function.number)
    if key not in known:
        is_test = interpreter.modules.is_test
        speaking = sorted(interpreter.modules.speaking((function.name,)), key=lambda module: module.path)
        found = [module for module in speaking if module is function.module or not is_test(module)]
        known[key] = found if _is_helper(function, found) else []
    return known[key]


def _is_helper(function: Function, modules: list[Module]) -> bool:
    calls = 0
    for module in modules:
        for number in module.facts.speaking(f'"{function.name}"'.encode()):
            forms = module.facts.forms(number)
            called = len(forms.calls_of({function.name}))
            spoken = sum(last_name(form) == function.name for form in forms.of("name", "attr"))
            calls += called
            if calls > _MOST_CALLS or called < spoken:
                return False
    return True


def _given(
    interpreter: Interpreter, function: Function, name: str, modules: list[Module], inside: Inside
) -> Iterator[Value]:
    """What each call gives for the parameter, as far as that is known."""
    for module in modules:
        for number in module.facts.speaking(f'"{function.name}"'.encode()):
            caller = interpreter.functions.get((module.file, number))
            if number != MODULE and caller is None:
                continue
            scope = interpreter.handed.scope(caller, inside) if caller is not None else module.scope
            for call in module.facts.forms(number).calls_of({function.name}):
                if all(_argument(function, call, name, bound) is None for bound in (True, False)):
                    continue
                called = interpreter.ask(call[2], scope)
                form = _argument(function, call, name, isinstance(called, Bound))
                if form is not None and (called.function if isinstance(called, Bound) else called) is function:
                    value = interpreter.ask(form, scope)
                    if not isinstance(value, Unknown | Environment):
                        yield value


def _argument(function: Function, call: Form, name: str, bound: bool) -> Form | None:
    """What a call gives for a parameter; None where that does not show."""
    names = [form[0] for form in function.parameters][bound and function.kind != "static" :]
    spread = any(item[0] == "star" for item in call[3])
    return None if spread else dict(named_arguments(call, names)).get(name)
