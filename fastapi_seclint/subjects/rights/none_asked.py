"""Guards that ask for all of the rights that they were made with, and were made with none: `require_permissions()`."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.values import Collection, Const, Function, Value
from fastapi_seclint.subjects.rights.words import speaks_of_rights

_WITHIN = frozenset({"issubset", "difference"})


def asks_for_none(guard: Value, function: Function) -> bool:
    """Whether what a guard refuses for is never so, since nothing is missing of nothing: `set(permissions) - theirs`.

    One of none is another matter: `if user.role not in roles` lets nobody in.
    """
    scope = guard.scope if isinstance(guard, Function) else None
    if scope is None or scope.kind != "function":
        return False
    empty = {
        name
        for name, value in scope.names.items()
        if isinstance(value, Collection) and not value.items and not value.open
    }
    others = [value for name, value in scope.names.items() if name not in empty]
    if any((isinstance(value, Const) and value.value) or isinstance(value, Collection) for value in others):
        return False  # it was made with something else that it may ask for
    tests = function.forms.of("if", "ifexp", "assert")
    missing = {
        target[2]
        for form in function.forms.of("assign")
        for target in form[2]
        if target[0] == "name" and any(_is_empty(part, empty) for part in walk(form[3]))
    }
    never = [
        form for form in tests if any(_is_empty(part, empty) for part in walk(form[2])) or _tests(form[2], missing)
    ]
    asked = [form for form in tests if not any(form is one for one in never)]
    return bool(empty and never) and not any(speaks_of_rights(form[2]) for form in asked)


def _tests(test: Form, names: set[str]) -> bool:
    """Whether a condition is whether one of these names holds anything."""
    return test[0] == "name" and test[2] in names


def _is_empty(form: Form, empty: set[str]) -> bool:
    """Whether an expression is what is missing of nothing, goes through nothing, or says that nothing is missing."""
    match form:
        case ["binop", _, "-", left, right] | ["compare", _, left, ["<="], [right]]:
            return mentions(left, empty) and not mentions(right, empty)
        case ["comp", _, _, _, _, [[_, iterable, _], *_]]:
            return mentions(iterable, empty)
        case ["call", _, ["attr", _, owner, name], [_, *_], _]:
            return name in _WITHIN and mentions(owner, empty)
    return False
