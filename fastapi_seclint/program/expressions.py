"""Expressions: the abstract value of each form."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import attributes, calls, definitions, fstrings, setting_reads
from fastapi_seclint.program.assignments import assign
from fastapi_seclint.program.comprehensions import comprehension
from fastapi_seclint.program.lifespan_states import lent
from fastapi_seclint.program.operators import binary, condition, decide, has_key, worlds
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.subscripts import subscript
from fastapi_seclint.program.values import (
    MAX_ITEMS,
    NONE,
    Arguments,
    Class,
    Collection,
    Const,
    External,
    Function,
    Mapping,
    Place,
    Super,
    Unknown,
    Value,
    iterate,
    join,
    likely,
    options,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

BUILTINS = frozenset(dir(builtins))


def evaluate(interpreter: Interpreter, form: Form | None, scope: Scope) -> Value:
    """The value of an expression in a scope; None stands for an absent expression."""
    if form is None:
        return NONE
    return _TABLE[form[0]](interpreter, form, scope)


def _name(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    found = scope.find(form[2])
    return found if found is not None else interpreter.name(form[2], scope, Place(scope.module, form[1]))


def _const(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    return Const(form[2], Place(scope.module, form[1]))


def _bytes(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    return Const(form[2].encode("latin-1"), Place(scope.module, form[1]))


def _attr(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    value = evaluate(interpreter, form[2], scope)
    if form[3] == "app" and isinstance(value, Unknown) and form[2][0] == "name" and form[2][2] in _CONNECTIONS:
        return interpreter.application() or value
    if _is_state(form[2]) and not interpreter.recording and (held := lent(interpreter, form[3])) is not None:
        return held
    return attributes.get_attribute(interpreter, value, form[3], Place(scope.module, form[1]))


def _is_state(form: Form) -> bool:
    """Whether an expression is the state of a request by the names it has: `request.state`."""
    return bool(form[0] == "attr" and form[3] == "state" and form[2][0] == "name" and form[2][2] in _CONNECTIONS)


_CONNECTIONS = frozenset({"request", "req", "websocket", "ws", "conn", "connection"})
"""What handlers call the request that they get; its `app` is the application that serves it."""


def _call(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    function = evaluate(interpreter, form[2], scope)
    place = Place(scope.module, form[1])
    is_super = isinstance(function, External) and function.name == "builtins.super"
    if is_super and not form[3]:
        return calls.super_of(scope)
    given = arguments(interpreter, form, scope)
    if is_super and len(given.positional) == 2 and isinstance(owner := given.positional[0], Class):
        return Super(owner, given.positional[1])
    if interpreter.rehearsal is not None:
        interpreter.rehearsal.called(scope.module, form, function, given)
    cls = given.positional[0] if len(given.positional) == 1 and form[2][0] != "name" else None
    if isinstance(cls, Class) and definitions.made_view(interpreter, form[2], cls, scope):
        return cls
    return setting_reads.with_default(form, calls.call(interpreter, function, given, place), given, place)


def arguments(interpreter: Interpreter, form: Form, scope: Scope) -> Arguments:
    """The evaluated arguments of a call form."""
    found = Arguments()
    for argument in form[3]:
        if argument[0] == "star":
            spread = iterate(evaluate(interpreter, argument[2], scope))
            found.positional.extend(spread or [])
            found.open = found.open or spread is None
        else:
            found.positional.append(evaluate(interpreter, argument, scope))
    for keyword, value, _ in form[4]:
        given = evaluate(interpreter, value, scope)
        if keyword is not None:
            found.keywords[keyword] = given
            continue
        for option in options(given):
            if isinstance(option, Mapping):
                for key, item in option.items:
                    if isinstance(key, Const):
                        found.keywords[str(key.value)] = item
                found.open = found.open or option.open
            else:
                found.open = True
    return found


def _collection(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    found = Collection(form[0], [], place=Place(scope.module, form[1]))
    for item in form[2]:
        if item[0] == "star":
            spread = iterate(evaluate(interpreter, item[2], scope))
            found.items.extend(spread or [])
            found.open = found.open or spread is None
        else:
            found.items.append(evaluate(interpreter, item, scope))
        if len(found.items) > MAX_ITEMS:
            del found.items[MAX_ITEMS:]
            found.open = True
    return found


def _dict(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    found = Mapping([], place=Place(scope.module, form[1]))
    for key, value in form[2]:
        given = evaluate(interpreter, value, scope)
        if key is not None:
            found.set(evaluate(interpreter, key, scope), given)
        elif isinstance(given, Mapping):
            for name, item in given.items:
                found.set(name, item)
            found.open = found.open or given.open
        else:
            found.overlay()
    return found


def _binop(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, symbol, left_form, right_form = form
    left = evaluate(interpreter, left_form, scope)
    right = evaluate(interpreter, right_form, scope)
    return binary(symbol, left, right, Place(scope.module, at))


def _unary(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, symbol, operand = form
    value = evaluate(interpreter, operand, scope)
    place = Place(scope.module, at)
    if symbol == "not":
        return condition(
            [None if (known := truth(option)) is None else not known for option in worlds(value)], place, [value]
        )
    if symbol == "-" and isinstance(value, Const) and isinstance(value.value, int | float):
        return Const(-value.value, place)
    return Unknown("computed", place)


def _bool(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, _, symbol, forms = form
    possible: list[Value] = []
    chosen: Value | None = None
    for number, item in enumerate(forms):
        value = evaluate(interpreter, item, scope)
        known = truth(value)
        last = number == len(forms) - 1
        if last or known is None or known is (symbol == "or"):
            possible.append(value)
            if chosen is None and (last or likely(value) is (symbol == "or")):
                chosen = value
        if known is (symbol == "or"):
            break
    return join(possible if chosen is None else [chosen, *possible])


def _compare(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, left_form, operators, comparators = form
    place = Place(scope.module, at)
    left = evaluate(interpreter, left_form, scope)
    rights = [evaluate(interpreter, item, scope) for item in comparators]
    if interpreter.rehearsal is not None:
        interpreter.rehearsal.compared(scope.module, form, left, rights[0])
    if len(operators) == 1:
        if interpreter.recording and operators[0] in ("in", "not in") and isinstance(rights[0], Mapping):
            held = [has_key(rights[0], one) for one in worlds(left)][:16]
            return condition([one if one is None else one is (operators[0] == "in") for one in held], place, [left])
        return condition(_answers(operators[0], left, rights[0]), place, [left, rights[0]])
    links = [_answers(*link) for link in zip(operators, [left, *rights], rights, strict=False)]
    if any(set(link) == {False} for link in links):
        return Const(False, place)
    return condition([True if all(set(link) == {True} for link in links) else None], place)


def _answers(symbol: str, left: Value, right: Value) -> list[bool | None]:
    """Whether a comparison holds, in each of the worlds that are possible."""
    return [decide(symbol, one, other) for one in worlds(left) for other in worlds(right)][:16]


def _ifexp(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, _, test, body, otherwise = form
    decision = evaluate(interpreter, test, scope)
    known = truth(decision)
    if known is not None:
        return evaluate(interpreter, body if known else otherwise, scope)
    branches = [otherwise, body] if likely(decision) is False else [body, otherwise]
    return join([evaluate(interpreter, branch, scope) for branch in branches])


def _lambda(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, parameters, body = form
    defaults = [None if item[3] is None else evaluate(interpreter, item[3], scope) for item in parameters]
    qualname = f"{scope.prefix}<lambda>"
    return Function(scope.module, -1, "<lambda>", qualname, 0, parameters, defaults, scope, at, body=body)


def _inner(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    return evaluate(interpreter, form[2], scope)


def _yield(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    value = evaluate(interpreter, form[2], scope)
    if scope.yielded is None:
        scope.returned.append(value)
    elif form[0] == "yield":
        scope.yielded.append(value)
    else:
        items = iterate(value)
        scope.yielded.extend([Unknown("yielded from something unknown")] if items is None else items)
    return Unknown("what is sent to a generator")


def _walrus(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    value = evaluate(interpreter, form[3], scope)
    assign(interpreter, form[2], value, scope)
    return value


def _opaque(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    return External("builtins.Ellipsis", None, None, Place(scope.module, form[1]))


_TABLE: dict[str, Callable[[Interpreter, Form, Scope], Value]] = {
    "name": _name,
    "const": _const,
    "bytes": _bytes,
    "ellipsis": _opaque,
    "opaque": _opaque,
    "attr": _attr,
    "call": _call,
    "star": _inner,
    "list": _collection,
    "tuple": _collection,
    "set": _collection,
    "dict": _dict,
    "sub": subscript,
    "slice": _opaque,
    "binop": _binop,
    "unary": _unary,
    "bool": _bool,
    "compare": _compare,
    "ifexp": _ifexp,
    "fstr": fstrings.fstring,
    "fmt": _inner,
    "lambda": _lambda,
    "comp": comprehension,
    "await": _inner,
    "yield": _yield,
    "yieldfrom": _yield,
    "walrus": _walrus,
}
