"""Statements: what running a block does to names and objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program import definitions
from fastapi_seclint.program.assignments import MAX_ROUNDS, assign, remove
from fastapi_seclint.program.importing import bind_members, bind_modules
from fastapi_seclint.program.route_objects import gone_through
from fastapi_seclint.program.scopes import Pending, Scope
from fastapi_seclint.program.values import (
    MAX_ITEMS,
    NONE,
    Collection,
    Environment,
    External,
    Mapping,
    Place,
    Unknown,
    Value,
    join,
    likely,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

FALLS, CONTINUES, BREAKS, ENDS = range(4)
_MAX_WHILE = 50


def run(interpreter: Interpreter, statements: list[Form], scope: Scope) -> int:
    """Run a block; says how it leaves: falls through, continues or breaks a loop, or ends the function."""
    for statement in statements:
        interpreter.step()
        outcome = _TABLE[statement[0]](interpreter, statement, scope)
        if outcome:
            return outcome
    return FALLS


def _expr(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    if form[2][0] != "const":
        called = interpreter.evaluate(form[2], scope)
        if interpreter.rehearsal is None:
            _filled(called)
    return FALLS


def _filled(called: Value) -> None:
    """What a library's function is given empty, and gives nothing back for, it may have filled: `load_into(table)`."""
    if isinstance(called, External) and called.called and called.arguments is not None:
        for value in (*called.arguments.positional, *called.arguments.keywords.values()):
            if isinstance(value, Collection | Mapping) and not value.items:
                value.open = True


def _assign(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    value = interpreter.evaluate(form[3], scope)
    for target in form[2]:
        assign(interpreter, target, value, scope)
    return FALLS


def _annassign(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, _, target, annotation, value = form
    found = None if value is None else interpreter.evaluate(value, scope)
    if scope.kind == "class" and target[0] == "name" and scope.owner is not None:
        scope.owner.fields.append((target[2], annotation, found))
    if found is not None:
        assign(interpreter, target, found, scope)
    return FALLS


def _augassign(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, at, operator, target, value = form
    left = interpreter.evaluate(target, scope)
    right = interpreter.evaluate(value, scope)
    if interpreter.rehearsal is not None:
        interpreter.rehearsal.changes(left)
    if operator == "+" and isinstance(left, Collection):
        if isinstance(right, Collection):
            room = max(MAX_ITEMS - len(left.items), 0)
            left.open = left.open or right.open or len(right.items) > room
            left.items.extend(right.items[:room])
        else:
            usual = right.default if isinstance(right, Environment) else None
            left.items.extend(usual.items[:MAX_ITEMS] if isinstance(usual, Collection) else ())
            left.open = True
        return FALLS
    assign(interpreter, target, interpreter.evaluate(["binop", at, operator, target, value], scope), scope)
    return FALLS


def _def(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    scope.bind(form[3], definitions.function(interpreter, form, scope))
    return FALLS


def _class(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    definitions.define_class(interpreter, form, scope)
    return FALLS


def _return(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    value = NONE if form[2] is None else interpreter.evaluate(form[2], scope)
    (scope.unlikely if interpreter.against else scope.returned).append(value)
    return ENDS


def _raise(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    return ENDS


def _if(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, _, test, body, otherwise = form
    match test:
        case ["name", _, "TYPE_CHECKING"] | ["attr", _, _, "TYPE_CHECKING"]:
            return run(interpreter, body, scope)
        case ["compare", _, ["name", _, "__name__"], *_]:
            return _branches(interpreter, [body, otherwise], scope)
    decision = interpreter.evaluate(test, scope)
    known = truth(decision)
    if known is not None:
        return run(interpreter, body if known else otherwise, scope)
    expected = likely(decision)
    branches = [otherwise, body] if expected is False else [body, otherwise]
    interpreter.conditions.append(test)
    try:
        return _branches(interpreter, branches, scope, expected is None)
    finally:
        interpreter.conditions.pop()


def _branches(interpreter: Interpreter, branches: list[list[Form]], scope: Scope, doubtful: bool = False) -> int:
    """Run every branch from the same names, then join the names of those that fall through.

    The first branch is what the default configuration takes, unless that is `doubtful`.
    """
    before = scope.names
    outcomes = []
    endings = []
    interpreter.uncertain += 1
    try:
        for number, branch in enumerate(branches):
            scope.names = dict(before)
            aside = 1 if number or doubtful else 0
            against = 1 if number and not doubtful else 0
            interpreter.unlikely += aside
            interpreter.against += against
            try:
                outcome = run(interpreter, branch, scope)
            finally:
                interpreter.unlikely -= aside
                interpreter.against -= against
            outcomes.append(outcome)
            if outcome == FALLS:
                endings.append(scope.names)
    finally:
        interpreter.uncertain -= 1
        scope.names = before
        _merge(before, endings)
    return min(outcomes)


def _merge(before: dict[str, Value], endings: list[dict[str, Value]]) -> None:
    if not endings:
        return
    changed: dict[str, None] = {}
    for ending in endings:
        changed.update({name: None for name, value in ending.items() if before.get(name) is not value})
    for name in changed:
        values = [ending[name] for ending in endings if name in ending]
        before[name] = join([value.resolve() if isinstance(value, Pending) else value for value in values])


def _for(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, at, target, iterable, body, otherwise = form
    unknown = Unknown("a loop over something unknown", Place(scope.module, at))
    rounds = _rounds(interpreter, iterable, scope, unknown, body)
    if rounds is None:
        assign(interpreter, target, unknown, scope)
        interpreter.uncertain += 1
        try:
            _branches(interpreter, [body, []], scope)
        finally:
            interpreter.uncertain -= 1
        return run(interpreter, otherwise, scope)
    for number, value in enumerate(rounds):
        assign(interpreter, target, value, scope)
        interpreter.context.append((at, number))
        try:
            outcome = run(interpreter, body, scope)
        finally:
            interpreter.context.pop()
        if outcome == ENDS:
            return ENDS
        if outcome == BREAKS:
            return FALLS
    return run(interpreter, otherwise, scope)


def _rounds(
    interpreter: Interpreter, iterable: Form, scope: Scope, unknown: Value, body: list[Form]
) -> list[Value] | None:
    """What a loop goes through; of lists that are added, those that are known, and `unknown` once for each other."""
    rounds = gone_through(interpreter.evaluate(iterable, scope), MAX_ROUNDS, body)
    if rounds is not None or iterable[0] != "binop" or iterable[2] != "+":
        return rounds
    parts = [_rounds(interpreter, side, scope, unknown, body) for side in iterable[3:5]]
    if all(part is None for part in parts):
        return None
    return [value for part in parts for value in (part if part is not None else [unknown])]


def _while(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, at, test, body, otherwise = form
    for number in range(_MAX_WHILE if test[0] != "const" else 0):
        known = truth(interpreter.evaluate(test, scope))
        if known is False:
            return run(interpreter, otherwise, scope)
        if known is None:
            break
        interpreter.context.append((at, number))
        try:
            outcome = run(interpreter, body, scope)
        finally:
            interpreter.context.pop()
        if outcome in (ENDS, BREAKS):
            return ENDS if outcome == ENDS else FALLS
    _branches(interpreter, [body, []], scope)
    return run(interpreter, otherwise, scope)


def _with(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, _, items, body = form
    for context, target in items:
        value = interpreter.evaluate(context, scope)
        if target is not None:
            assign(interpreter, target, value, scope)
    return run(interpreter, body, scope)


def _try(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    _, _, body, handlers, otherwise, final = form
    before = dict(scope.names)
    outcome = run(interpreter, body, scope)
    if outcome == FALLS and otherwise:
        outcome = run(interpreter, otherwise, scope)
    endings = [scope.names] if outcome == FALLS else []
    outcomes = [outcome]
    interpreter.uncertain += 1
    interpreter.unlikely += 1
    after = scope.names
    for _, name, statements, _ in handlers:
        scope.names = {**after, **before}
        if name:
            scope.names[name] = Unknown("an exception")
        outcomes.append(run(interpreter, statements, scope))
        if outcomes[-1] == FALLS:
            endings.append(scope.names)
    interpreter.uncertain -= 1
    interpreter.unlikely -= 1
    scope.names = after
    if handlers:
        _merge(after, endings)
    finished = run(interpreter, final, scope)
    return finished or min(outcomes)


def _import(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    bind_modules(interpreter, form, scope)
    return FALLS


def _from(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    bind_members(interpreter, form, scope)
    return FALLS


def _assert(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    if any(item[0] == "walrus" for item in walk(form[2])):  # only names that it binds matter
        interpreter.evaluate(form[2], scope)
    return FALLS


def _delete(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    for target in form[2]:
        if target[0] == "sub":
            held = interpreter.evaluate(target[2], scope)
            if interpreter.rehearsal is not None:
                interpreter.rehearsal.changes(held)
            remove(held, interpreter.evaluate(target[3], scope))
    return FALLS


def _global(interpreter: Interpreter, form: Form, scope: Scope) -> int:
    (scope.globals if form[0] == "global" else scope.shared).update(form[2])
    return FALLS


def _leave(outcome: int) -> Callable[[Interpreter, Form, Scope], int]:
    return lambda interpreter, form, scope: outcome


_TABLE: dict[str, Callable[[Interpreter, Form, Scope], int]] = {
    "expr": _expr,
    "assign": _assign,
    "annassign": _annassign,
    "augassign": _augassign,
    "def": _def,
    "class": _class,
    "return": _return,
    "raise": _raise,
    "if": _if,
    "for": _for,
    "while": _while,
    "with": _with,
    "try": _try,
    "import": _import,
    "from": _from,
    "global": _global,
    "nonlocal": _global,
    "delete": _delete,
    "assert": _assert,
    "pass": _leave(FALLS),
    "break": _leave(BREAKS),
    "continue": _leave(CONTINUES),
}
