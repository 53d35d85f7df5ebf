"""Expressions: the abstract value of each form."""

from __future__ import annotations

import builtins
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import attributes, calls
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    MAX_ITEMS,
    MAX_TEXT,
    NONE,
    Annotated,
    Arguments,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Generic,
    Mapping,
    Place,
    Text,
    Unknown,
    Value,
    join,
    likely,
    options,
    same,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

BUILTINS = frozenset(dir(builtins))

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

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
    return attributes.get_attribute(interpreter, value, form[3], Place(scope.module, form[1]))


def _call(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    function = evaluate(interpreter, form[2], scope)
    place = Place(scope.module, form[1])
    if isinstance(function, External) and function.name == "builtins.super" and not form[3]:
        return calls.super_of(scope)
    return calls.call(interpreter, function, arguments(interpreter, form, scope), place)


def arguments(interpreter: Interpreter, form: Form, scope: Scope) -> Arguments:
    """The evaluated arguments of a call form."""
    found = Arguments()
    for argument in form[3]:
        if argument[0] == "star":
            spread = attributes.iterate(evaluate(interpreter, argument[2], scope))
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
            spread = attributes.iterate(evaluate(interpreter, item[2], scope))
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
            found.open = True
    return found


def _sub(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    value = evaluate(interpreter, form[2], scope)
    place = Place(scope.module, form[1])
    if isinstance(value, External):
        return _sub_external(interpreter, value, form[3], scope, place)
    if isinstance(value, Class):
        return value
    if form[3][0] == "slice":
        return _slice(interpreter, value, form[3], scope, place)
    return attributes.item(interpreter, value, evaluate(interpreter, form[3], scope), place)


def _sub_external(interpreter: Interpreter, value: External, index: Form, scope: Scope, place: Place) -> Value:
    if value.name == "typing.Annotated" and index[0] == "tuple" and index[2]:
        base, *metadata = [_type(interpreter, item, scope) for item in index[2]]
        return Annotated(base, metadata, place)
    if value.name in ("os.environ", "environ"):
        key = evaluate(interpreter, index, scope)
        return Environment(str(key.value) if isinstance(key, Const) else "?", None, place)
    if value.name == "typing.Literal":
        return Generic(value.name, [], place)
    if value.name.startswith("sys.modules"):
        return attributes.item(interpreter, value, evaluate(interpreter, index, scope), place)
    items = index[2] if index[0] == "tuple" else [index]
    if value.called:
        return Unknown(f"an item of {value.name}", place)
    return Generic(value.name, [_type(interpreter, item, scope) for item in items if item[0] != "slice"], place)


def _type(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """A part of an annotation; strings in it are forward references."""
    if form[0] == "const" and isinstance(form[2], str):
        return annotation(interpreter, form, scope)
    return evaluate(interpreter, form, scope)


def annotation(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    """The value of an annotation, string annotations parsed (semantics f33, f60)."""
    from fastapi_seclint import facts

    if form[0] == "const" and isinstance(form[2], str):
        parsed = facts.expression(form[2])
        return Unknown("an annotation that is no expression") if parsed is None else evaluate(interpreter, parsed, scope)
    return evaluate(interpreter, form, scope)


def _slice(interpreter: Interpreter, value: Value, form: Form, scope: Scope, place: Place) -> Value:
    bounds = [evaluate(interpreter, bound, scope) for bound in form[2:5]]
    if all(isinstance(bound, Const) and (bound.value is None or type(bound.value) is int) for bound in bounds):
        cut = slice(*[bound.value for bound in bounds if isinstance(bound, Const)])
        if cut.step != 0:
            if isinstance(value, Const) and isinstance(value.value, str | bytes):
                return Const(value.value[cut], place)
            if isinstance(value, Collection) and not value.open:
                return Collection(value.kind, value.items[cut], place=place)
    return Unknown("a slice of something unknown", place)


def _binop(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, symbol, left_form, right_form = form
    left = evaluate(interpreter, left_form, scope)
    right = evaluate(interpreter, right_form, scope)
    return binary(symbol, left, right, Place(scope.module, at))


def binary(symbol: str, left: Value, right: Value, place: Place) -> Value:
    """The result of an operator; choices multiply, unknown parts of strings stay as holes."""
    if symbol == "|" and _is_type(left) and _is_type(right):
        return Generic("typing.Union", [left, right], place)
    lefts, rights = list(options(left)), list(options(right))
    if len(lefts) * len(rights) > 1:
        if len(lefts) * len(rights) > 16:
            return Unknown("too many possible values", place)
        return join([binary(symbol, one, other, place) for one in lefts for other in rights])
    if symbol == "+" and isinstance(left, Collection) and isinstance(right, Collection):
        items = [*left.items, *right.items]
        return Collection(left.kind, items[:MAX_ITEMS], left.open or right.open or len(items) > MAX_ITEMS, place)
    if symbol == "|" and isinstance(left, Mapping) and isinstance(right, Mapping):
        merged = Mapping(list(left.items), left.open or right.open, place)
        for key, value in right.items:
            merged.set(key, value)
        return merged
    if isinstance(left, Const) and isinstance(right, Const):
        return _arithmetic(symbol, left.value, right.value, place)
    if isinstance(left, Environment) or isinstance(right, Environment):
        return _environment_binary(symbol, left, right, place)
    if symbol == "+" and (_textual(left) or _textual(right)):
        return text([*_parts(left), *_parts(right)], place)
    if symbol == "/" and isinstance(left, External) and "pathlib" in left.name:
        return External("pathlib.Path()", Arguments([left, right]), left, place)
    if isinstance(left, External) or isinstance(right, External):
        return External(f"operator {symbol}", Arguments([left, right]), None, place)
    return Unknown("computed from something unknown", place)


def _environment_binary(symbol: str, left: Value, right: Value, place: Place) -> Value:
    name = left.name if isinstance(left, Environment) else right.name if isinstance(right, Environment) else ""
    one = left.default if isinstance(left, Environment) else left
    other = right.default if isinstance(right, Environment) else right
    default = binary(symbol, one, other, place) if one is not None and other is not None else None
    return Environment(name, default, place)


def _is_type(value: Value) -> bool:
    if isinstance(value, Const):
        return value.value is None
    if isinstance(value, External):
        return not value.called
    return isinstance(value, Class | Generic | Annotated)


def _arithmetic(symbol: str, left: Any, right: Any, place: Place) -> Value:
    operation = _ARITHMETIC.get(symbol)
    if operation is None or _too_large(symbol, left, right):
        return Unknown("computed", place)
    try:
        result = operation(left, right)
    except (TypeError, ValueError, ArithmeticError, KeyError, MemoryError):
        return Unknown("an operation that fails", place)
    return Const(result, place) if isinstance(result, str | bytes | int | float | bool) else Unknown("computed", place)


def _too_large(symbol: str, left: Any, right: Any) -> bool:
    """Whether an operation would make a string or number larger than set-up code does."""
    texts = [value for value in (left, right) if isinstance(value, str | bytes)]
    if not texts:
        return any(isinstance(value, int) and value.bit_length() > 512 for value in (left, right))
    if symbol == "*":
        others = [value for value in (left, right) if isinstance(value, int)]
        return not others or len(texts[0]) * max(others[0], 0) > MAX_TEXT
    wide = symbol == "%" and isinstance(left, str) and re.search(r"%[^a-zA-Z%]*\d{3,}", left) is not None
    return wide or sum(map(len, texts)) > MAX_TEXT


def _textual(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str))


def _parts(value: Value) -> list[str | Value]:
    if isinstance(value, Text):
        return value.parts
    if isinstance(value, Const) and value.value is not None and not isinstance(value.value, bytes):
        return [str(value.value)]
    return [value]


def text(parts: list[str | Value], place: Place | None) -> Value:
    """A string put together from known and unknown parts."""
    merged: list[str | Value] = []
    for part in parts:
        if isinstance(part, Const) and not isinstance(part.value, bytes):
            part = str(part.value)
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if sum(len(part) for part in merged if isinstance(part, str)) > MAX_TEXT or len(merged) > MAX_ITEMS:
        return Unknown("a very long text", place)
    if all(isinstance(part, str) for part in merged):
        return Const("".join(str(part) for part in merged), place)
    return Text(merged, place)


def _unary(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, symbol, operand = form
    value = evaluate(interpreter, operand, scope)
    place = Place(scope.module, at)
    if symbol == "not":
        return condition([None if (known := truth(option)) is None else not known for option in _worlds(value)], place)
    if symbol == "-" and isinstance(value, Const) and isinstance(value.value, int | float):
        return Const(-value.value, place)
    return Unknown("computed", place)


def condition(answers: list[bool | None], place: Place) -> Value:
    """A condition that holds or not in the worlds that are possible, the likeliest first."""
    if not answers:
        return Unknown("a condition", place)
    return join([Unknown("a condition", place) if answer is None else Const(answer, place) for answer in answers])


def _worlds(value: Value) -> list[Value]:
    """The values it may be; an environment read is its default first, then anything."""
    found: list[Value] = []
    for option in options(value):
        if isinstance(option, Environment):
            found += [*(_worlds(option.default) if option.default is not None else []), Unknown("configured")]
        else:
            found.append(option)
    return found[:8]


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
    if len(operators) != 1:
        return Unknown("a condition", place)
    answers = [_decide(operators[0], one, other) for one in _worlds(left) for other in _worlds(rights[0])]
    return condition(answers[:16], place)


def _decide(symbol: str, left: Value, right: Value) -> bool | None:
    if symbol in ("is", "is not") and isinstance(right, Const) and right.value is None:
        if isinstance(left, Const):
            return (left.value is None) is (symbol == "is")
        known = isinstance(left, Function | Class | Collection | Mapping | External) or truth(left) is True
        return symbol == "is not" if known else None
    if symbol in ("in", "not in") and isinstance(right, Collection) and not right.open:
        held = [same(left, item) for item in right.items]
        if True in held:
            return symbol == "in"
        return None if None in held else symbol == "not in"
    if symbol in ("==", "!=", "is", "is not"):
        equal = same(left, right)
        return None if equal is None else equal is (symbol in ("==", "is"))
    if isinstance(left, Const) and isinstance(right, Const) and symbol in _COMPARISONS:
        try:
            return bool(_COMPARISONS[symbol](left.value, right.value))
        except TypeError:
            return None
    return None


def _ifexp(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, _, test, body, otherwise = form
    decision = evaluate(interpreter, test, scope)
    known = truth(decision)
    if known is not None:
        return evaluate(interpreter, body if known else otherwise, scope)
    branches = [otherwise, body] if likely(decision) is False else [body, otherwise]
    return join([evaluate(interpreter, branch, scope) for branch in branches])


def _fstr(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    parts: list[str | Value] = []
    place = Place(scope.module, form[1])
    read: list[str] = []
    for part in form[2]:
        if part[0] == "const":
            parts.append(str(part[2]))
        else:
            value = evaluate(interpreter, part[2], scope)
            read += [option.name for option in options(value) if isinstance(option, Environment)]
            parts.append(calls.as_text(value))
    made = text(parts, place)
    return Environment(read[0], made, place) if read and isinstance(made, Const) else made


def _lambda(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    _, at, parameters, body = form
    defaults = [None if item[3] is None else evaluate(interpreter, item[3], scope) for item in parameters]
    qualname = f"{scope.prefix}<lambda>"
    return Function(scope.module, -1, "<lambda>", qualname, 0, parameters, defaults, scope, at, body=body)


def _comp(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
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
    from fastapi_seclint.program.execution import MAX_ROUNDS, assign

    if not clauses:
        found.append((evaluate(interpreter, element, scope), evaluate(interpreter, value_form, scope)))
        return True
    (target, iterable, conditions), rest = clauses[0], clauses[1:]
    items = attributes.iterate(evaluate(interpreter, iterable, scope))
    complete = items is not None
    for number, item in enumerate((items if items is not None else [Unknown("an item of something unknown")])[:MAX_ROUNDS]):
        interpreter.step()
        assign(interpreter, target, item, scope)
        answers = [truth(evaluate(interpreter, condition, scope)) for condition in conditions]
        if False in answers:
            continue
        complete = complete and None not in answers
        interpreter.context.append((target[1], number))
        try:
            complete = _rounds(interpreter, rest, element, value_form, scope, found) and complete
        finally:
            interpreter.context.pop()
    return complete


def _inner(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    return evaluate(interpreter, form[2], scope)


def _yield(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    scope.returned.append(evaluate(interpreter, form[2], scope))
    return Unknown("what is sent to a generator")


def _walrus(interpreter: Interpreter, form: Form, scope: Scope) -> Value:
    from fastapi_seclint.program.execution import assign

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
    "sub": _sub,
    "slice": _opaque,
    "binop": _binop,
    "unary": _unary,
    "bool": _bool,
    "compare": _compare,
    "ifexp": _ifexp,
    "fstr": _fstr,
    "fmt": _inner,
    "lambda": _lambda,
    "comp": _comp,
    "await": _inner,
    "yield": _yield,
    "yieldfrom": _yield,
    "walrus": _walrus,
}
