"""What the calls of a function hand to a parameter that says nothing of itself: `def check(user, item)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, last_name, named_arguments
from fastapi_seclint.program.values import Bound, Environment, Function, Instance, Unknown, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.modules import Module
    from fastapi_seclint.program.scopes import Scope

Inside = Callable[[Function], "Scope"]
"""The names inside a function that is not run."""
_MOST_CALLS = 12
_KNOWN: WeakKeyDictionary[Interpreter, dict[tuple[str, int, str], Instance | None]] = WeakKeyDictionary()


def handed(interpreter: Interpreter, function: Function, name: str, inside: Inside) -> Instance | None:
    """The object that the calls of a function hand to a parameter: always one of the same class, as far as it shows.

    None where calls differ, where there are too many to be a helper's, and where the function itself is handed on, so
    that others may call it. Calls of tests count for nothing.
    """
    if function.number < 0:
        return None
    known = _KNOWN.setdefault(interpreter, {})
    key = (function.module.file, function.number, name)
    if key not in known:
        modules = [
            module
            for module in interpreter.modules.speaking((function.name,))
            if module is function.module or not interpreter.modules.is_test(module)
        ]
        if any(module.state != "done" for module in modules):
            return None
        known[key] = None
        if not any(_is_handed_on(function, module) for module in modules):
            known[key] = _shared(_given(interpreter, function, name, modules, inside))
    return known[key]


def _shared(given: Iterator[Value]) -> Instance | None:
    """One object for all that are given; None where they are of several classes, or no objects, or too many."""
    found: Instance | None = None
    for number, value in enumerate(given):
        for option in options(value):
            other = found is not None and isinstance(option, Instance) and option.cls is not found.cls
            if number >= _MOST_CALLS or not isinstance(option, Instance) or option.native is not None or other:
                return None
            found = Instance(option.cls, place=option.place)
    return found


def _is_handed_on(function: Function, module: Module) -> bool:
    """Whether a file speaks of a function otherwise than to call it: `Depends(check)`."""
    for number in module.facts.speaking(f'"{function.name}"'.encode()):
        forms = module.facts.forms(number)
        spoken = sum(last_name(form) == function.name for form in forms.of("name", "attr"))
        if spoken > len(forms.calls_of({function.name})):
            return True
    return False


def _given(
    interpreter: Interpreter, function: Function, name: str, modules: list[Module], inside: Inside
) -> Iterator[Value]:
    """What each call gives for the parameter, as far as that is known."""
    for module in modules:
        for number in module.facts.speaking(f'"{function.name}"'.encode()):
            caller = interpreter.functions.get((module.file, number))
            if number != MODULE and caller is None:
                continue
            scope = inside(caller) if caller is not None else module.scope
            for call in module.facts.forms(number).calls_of({function.name}):
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
