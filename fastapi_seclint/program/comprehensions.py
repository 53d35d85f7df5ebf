"""Comprehensions: the list, dictionary or set that their rounds make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.assignments import MAX_ROUNDS, assign
from fastapi_seclint.program.route_objects import gone_through
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import Collection, Mapping, Place, Value, some_item, truth

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def comprehension(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """What a comprehension makes; open where one of its iterables or conditions is not known."""
    _, at, kind, element, value_form, clauses = form
    inner = Scope(scope.module, "function", scope, scope.prefix)
    inner.receiver, inner.owner = scope.receiver, scope.owner
    place = Place(scope.module, at)
    found: list[tuple[Value, Value]] = []
    complete = _rounds(interpreter, clauses, element, value_form, inner, found)
    if kind == "dict":
        mapping = Mapping([], not complete, place)
        for key, value in found:
            mapping.set(key, value)
        return mapping
    return Collection("set" if kind == "set" else "list", [key for key, _ in found], not complete, place)


def _rounds(
    interpreter: Interpreter,
    clauses: list[Form],
    element: Form,
    value_form: Form | None,
    scope: Scope,
    found: list[tuple[Value, Value]],
) -> bool:
    """Run the clauses of a comprehension; says whether all of its items are known."""
    if not clauses:
        found.append((interpreter.evaluate(element, scope), interpreter.evaluate(value_form, scope)))
        return True
    (target, iterable, conditions), rest = clauses[0], clauses[1:]
    value = interpreter.evaluate(iterable, scope)
    items = gone_through(value, MAX_ROUNDS)
    complete = items is not None
    for number, item in enumerate(items if items is not None else [some_item(value)]):
        interpreter.step()
        assign(interpreter, target, item, scope)
        answers = [truth(interpreter.evaluate(condition, scope)) for condition in conditions]
        if False in answers:
            continue
        complete = complete and None not in answers
        interpreter.context.append((target[1], number))
        try:
            complete = _rounds(interpreter, rest, element, value_form, scope, found) and complete
        finally:
            interpreter.context.pop()
    return complete
