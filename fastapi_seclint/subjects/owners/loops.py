"""The fix of a missing check of ownership where a loop finds the object: it looks for one of the caller's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, mentions, names_in, span_of, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.cases import Case
from fastapi_seclint.subjects.owners.comparing import owner_of, sides
from fastapi_seclint.subjects.owners.identity import Guard, caller_names, guards
from fastapi_seclint.subjects.owners.introducing import introduced

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_Giver = tuple[str, str | None]
"""What a guard is called, here and with its module."""


def found_in_loop(program: Program, route: Route, case: Case) -> Fix | None:
    """`if note["id"] == number and note["owner"] == me`, as another route goes through the same things.

    Else by the field that names the owner. A handler that is not given its caller gets him as the sibling does.
    """
    handler, sibling = route.function, case.sibling
    picks = list(_picks(handler, {case.variable})) if handler is not None else []
    if handler is None or len(picks) != 1:
        return None
    target, iterable, test = picks[0]
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    added = introduced(program, handler, sibling) if not caller and sibling is not None else None
    caller = caller or (added[0] if added is not None else "")
    giver = _giver(program, route, caller) or (_giver(program, sibling, caller) if sibling is not None else None)
    owned = _as_elsewhere(program, route, iterable, target, caller, giver) if giver else None
    owned = owned or (_by_field(program, route, case, test, target, caller) if caller else None)
    asked = code(test)
    if owned is None or asked is None:
        return None
    edit = ReplaceExpression(handler.module.path, span_of(test[1]), f"{asked} and {owned}")
    fix = Fix(f"look it up among those of {caller}", False, (edit,))
    return replace(fix, edits=(added[1], edit)) if added is not None else fix


def _picks(function: Function, names: set[str]) -> Iterator[tuple[str, Form, Form]]:
    """Where a function goes through things for the one that equals something: its name, the things, the comparison."""
    for target, iterable, conditions in _rounds(function):
        for test in conditions:
            match test:
                case ["compare", _, left, ["=="], [right]] if _reads(left, target) or _reads(right, target):
                    other = right if _reads(left, target) else left
                    if names_in(other) and names_in(other) <= names:
                        yield target, iterable, test


def _rounds(function: Function) -> Iterator[tuple[str, Form, list[Form]]]:
    """The loops and comprehensions of a function, each with what must hold of the things that it is after."""
    for form in function.forms.of("comp"):
        for clause in form[5] if len(form[5]) == 1 else ():
            if clause[0][0] == "name":
                yield clause[0][2], clause[1], [part for test in clause[2] for part in _conjuncts(test)]
    for form in function.forms.of("for"):
        match form[2], form[3]:
            case ["name", _, target], iterable:
                pass
            case ["tuple", _, [_, ["name", _, target]]], ["call", _, ["name", _, "enumerate"], [iterable], []]:
                pass
            case _:
                continue
        tests = [inner[2] for inner in walk(form[4]) if inner[0] == "if" and mentions(inner[2], {target})]
        yield target, iterable, [part for test in tests for part in _conjuncts(test)]


def _conjuncts(test: Form) -> list[Form]:
    return list(test[3]) if test[0] == "bool" and test[2] == "and" else [test]


def _reads(form: Form, target: str) -> bool:
    """Whether an expression is a field of a thing: `note.id`, `note["id"]`."""
    return form[0] in ("attr", "sub") and form[2][0] == "name" and form[2][2] == target


def _giver(program: Program, route: Route, caller: str) -> _Giver | None:
    """The guard that gives a handler its caller under a name."""
    return next((_told(guard) for guard in guards(program, route) if caller and guard.parameter == caller), None)


def _told(guard: Guard) -> _Giver:
    return guard.name, guard.node.name if guard.node is not None else None


def _as_elsewhere(
    program: Program, route: Route, iterable: Form, target: str, caller: str, giver: _Giver
) -> str | None:
    """How another route asks for the caller's own among the same things, said of this one's names.

    It has its caller from the same guard: one gives a row, and another one only his name.
    """
    for other in program.routes:
        function = other.function
        if function is None or route.function is None or function.module is not route.function.module:
            continue
        same = {guard.parameter for guard in guards(program, other) if _told(guard) == giver}
        for name, things, test in _picks(function, caller_names(program, other) & same):
            if spelled(things) == spelled(iterable) and function is not route.function and spelled(things):
                return code(_renamed(test, name, target, caller))
    return None


def _by_field(program: Program, route: Route, case: Case, test: Form, target: str, caller: str) -> str | None:
    """The comparison with the field that names the owner, read as the id is read."""
    field = case.field or (owner_of(case.tie) if case.tie is not None else "")
    given = any(guard.parameter for guard in guards(program, route))
    if given and case.sibling is not None and case.tie is not None and case.tie.caller and not case.tie.his:
        other = _giver(program, case.sibling, case.tie.caller)
        if other != _giver(program, route, caller):
            return None  # the whole of what another guard gives
    call = route.endpoint if given or case.sibling is None else case.sibling.endpoint
    both = sides(program, call, caller, field, case.tie) if call is not None else None
    read = test[2] if _reads(test[2], target) else test[4][0]
    if both is None or both[0].startswith(".") != (read[0] == "attr"):
        return None
    return f"{target}{both[0]} == {caller}{both[1]}"


def _renamed(form: Form, name: str, new: str, caller: str) -> Form:
    if form and form[0] == "name":
        return ["name", form[1], new if form[2] == name else caller]
    return [_renamed(item, name, new, caller) if isinstance(item, list) else item for item in form]
