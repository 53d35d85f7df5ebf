"""Assignments: what binding a target does to names, attributes and items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import attributes
from fastapi_seclint.program.builtin_methods import keep_possible, mark
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Class,
    Collection,
    Const,
    Instance,
    Mapping,
    ModuleValue,
    Place,
    Unknown,
    Value,
    iterate,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

MAX_ROUNDS = 400


def assign(interpreter: Interpreter, target: Form, value: Value, scope: Scope) -> None:
    """Bind an assignment target."""
    match target:
        case ["name", _, name]:
            if interpreter.rehearsal is not None:
                interpreter.rehearsal.binds(scope, name)
            scope.bind(name, value)
        case ["attr", _, owner, name]:
            held = interpreter.evaluate(owner, scope)
            if interpreter.rehearsal is not None:
                interpreter.rehearsal.changes(held)
            if not _is_changed_for_a_test(interpreter, held, scope):
                attributes.set_attribute(interpreter, held, name, value)
        case ["sub", _, owner, index]:
            holder = interpreter.evaluate(owner, scope)
            if interpreter.rehearsal is not None:
                interpreter.rehearsal.put(scope.module, target, value)
                interpreter.rehearsal.changes(holder)
            if isinstance(holder, Mapping):
                before = list(holder.items) if interpreter.unlikely else []
                mark(interpreter, holder)
                holder.set(interpreter.evaluate(index, scope), value)
                keep_possible(holder, before)
            elif isinstance(holder, Collection):
                holder.open = True
        case ["tuple" | "list", _, items]:
            _unpack(interpreter, items, value, scope)
        case ["star", _, inner]:
            assign(interpreter, inner, value, scope)


def _is_changed_for_a_test(interpreter: Interpreter, held: Value, scope: Scope) -> bool:
    """Whether a test sets up the program's own object for itself: `settings.auth_enabled = False`."""
    if not interpreter.modules.is_test(scope.module):
        return False
    match held:
        case Class(module=module) | ModuleValue(module=module) | Instance(place=Place(module=module)):
            return not interpreter.modules.is_test(module)
    return False


def remove(holder: Value, index: Value) -> None:
    """What `del holder[index]` does to a list or a dictionary."""
    if isinstance(holder, Mapping) and isinstance(index, Const):
        kept = [item for item in holder.items if not (isinstance(item[0], Const) and item[0].value == index.value)]
        holder.items[:] = kept
    elif isinstance(holder, Collection):
        number = index.value if isinstance(index, Const) else None
        if isinstance(number, int) and not holder.open and -len(holder.items) <= number < len(holder.items):
            del holder.items[number]
        else:
            holder.open = True


def _unpack(interpreter: Interpreter, items: list[Form], value: Value, scope: Scope) -> None:
    known = iterate(value) if isinstance(value, Collection | Instance) else None
    if known is not None:
        known = _with_rest(items, known)
    if known is not None and len(known) == len(items):
        for item, part in zip(items, known, strict=True):
            assign(interpreter, item, part, scope)
        return
    reason = value.reason if isinstance(value, Unknown) else "unpacked from something unknown"
    for item in items:
        assign(interpreter, item, Unknown(reason), scope)


def _with_rest(items: list[Form], parts: list[Value]) -> list[Value]:
    """A part for each target: those that are left go, as a list, to the one with a star."""
    star = next((number for number, item in enumerate(items) if item[0] == "star"), None)
    if star is None or len(parts) < len(items) - 1:
        return parts
    end = len(parts) - (len(items) - star - 1)
    return [*parts[:star], Collection("list", parts[star:end]), *parts[end:]]
