"""Fixes of comparisons with secrets: `secrets.compare_digest`, which takes as long whatever the caller sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.facts.ordered import leaves
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.secrets.comparisons import Comparison
from fastapi_seclint.subjects.secrets.presence import is_text, may_be_missing, missing_of_setting
from fastapi_seclint.subjects.secrets.sent import core

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_LIBRARIES = ("secrets", "hmac")
"""Both have the same `compare_digest`."""


def constant_time(program: Program, item: Comparison, *, present: bool = False) -> tuple[Edit, ...] | None:
    """The comparison written with `secrets.compare_digest`; None where an operand's type or code is not known.

    `present` demands that both sides are there and not empty, too.
    """
    sides = (_there(form) if present else form for form in (item.given, item.secret))
    given, secret = (rendered(form) for form in sides)
    library = next((name for name in _LIBRARIES if not _hidden(item, name)), None)
    if given is None or secret is None or library is None or _bytes(item.given):
        return None
    if item.form[0] == "compare" and item.form[1] == item.form[4][0][1]:
        return None  # the pattern of a `case`, where no call can stand
    if item.operator in ("in", "not in") and core(item.form[2])[0] == "tuple":
        return None  # which of the configured pairs is the caller's has to be found by the name
    if item.form[0] == "compare" and item.operator in ("==", "!=") and not _whole(item):
        code = None if present else _each_of_pair(program, item)
    elif item.operator in ("in", "not in"):
        code = _among(program, item, given, secret)
    elif _bytes(item.secret):
        return None
    else:
        code = _equal(program, item, given, secret, present)
    if code is None:
        return None
    if item.negative:
        code = f"not ({code})" if " and " in code.partition("any(")[0] else f"not {code}"
    elif present and " and " in code.partition("any(")[0] and not _tested(item):
        code = f"bool({code})"
    path = item.block.module.path
    edit = ReplaceExpression(path, span_of(item.form[1]), code)
    edits = (edit, *_of_name(item)) if item.kind == "password" else (edit,)
    edits = tuple(replace(one, code=one.code.replace("secrets.compare_", f"{library}.compare_")) for one in edits)
    return (*edits, AddImport(path, library)) if "secrets.compare_digest(" in code else edits


def _of_name(item: Comparison) -> Iterator[ReplaceExpression]:
    """The comparison of a user's name beside that of his password, as FastAPI's manual writes both."""
    owner = item.given[2] if item.given[0] == "attr" else None
    beside = [form[3] for form in item.block.forms.of("bool") if any(one is item.form for one in form[3])]
    for form in (one for forms in beside for one in forms if owner is not None):
        match form:
            case ["compare", _, left, ["==" | "!=" as operator], [right]]:
                sides = [rendered(side) for side in (left, right)]
                named = [side for side in (left, right) if side[0] == "attr" and side[3] == "username"]
                if None not in sides and any(rendered(side[2]) == rendered(owner) for side in named):
                    left_code, right_code = (_encoded(side, str(rendered(side))) for side in (left, right))
                    code = f"secrets.compare_digest({left_code}, {right_code})"
                    code = f"not {code}" if operator == "!=" else code
                    yield ReplaceExpression(item.block.module.path, span_of(form[1]), code)


def _there(form: Form) -> Form:
    """An expression without the empty text that stands in for nothing: `(key or "").encode()` gives `key.encode()`."""
    match form:
        case ["bool", _, "or", [[*inner], ["const", _, "" | None]]]:
            return inner
        case ["call", at, ["attr", place, inner, method], [], []]:
            return ["call", at, ["attr", place, _there(inner), method], [], []]
    return form


def _whole(item: Comparison) -> bool:
    """Whether a comparison is of two sides as they stand, none of them a tuple."""
    sides = (item.form[2], item.form[4][0])
    return item.form[3][0] == item.operator and any(item.given is side for side in sides)


def _each_of_pair(program: Program, item: Comparison) -> str | None:
    """`(name, password) == (NAME, PASSWORD)` as one comparison for each of the two."""
    match item.form:
        case ["compare", _, ["tuple", _, lefts], [_], [["tuple", _, rights]]] if len(lefts) == len(rights):
            pairs = list(zip(lefts, rights, strict=True))
        case _:
            return None
    if any(form[0] == "const" and not isinstance(form[2], str) for pair in pairs for form in pair):
        return None  # only texts can be encoded
    if any(_bytes(form) or may_be_missing(program, item.block, form) for pair in pairs for form in pair):
        return None
    codes = [(rendered(left), rendered(right)) for left, right in pairs]
    if not all(one and other for one, other in codes):
        return None
    code = " and ".join(
        f"secrets.compare_digest({_encoded(left, str(one))}, {_encoded(right, str(other))})"
        for (left, right), (one, other) in zip(pairs, codes, strict=True)
    )
    return code if item.negative else f"({code})"


def _equal(program: Program, item: Comparison, given: str, secret: str, present: bool) -> str | None:
    if not present and (looked_up := _or_empty(item)):
        given = looked_up
    if item.operator == "compare_digest":
        pair = f"{rendered(item.form[2])}({given}, {secret})"
    else:
        pair = f"secrets.compare_digest({_encoded(item.given, given)}, {_encoded(item.secret, secret)})"
    both = ((item.given, given), (item.secret, secret))
    if present:
        plain = [rendered(part) for form, _ in both for part in _read(core(form))]
        return None if None in plain else " and ".join([*map(str, plain), pair])
    missing = [
        f"{text} is not None"
        for form, text in both
        if text != _or_empty(item) and may_be_missing(program, item.block, form) and not _is_there(item, text)
    ]
    return " and ".join([*missing, pair])


def _or_empty(item: Comparison) -> str:
    """A look-up of what is sent that gives an empty text for nothing, beside a secret that is never empty."""
    match item.given, item.secret:
        case ["call", at, ["attr", _, _, "get"] as function, [name], []], ["fstr", _, parts]:
            if any(part[0] == "const" and part[2] for part in parts):
                return rendered(["call", at, function, [name, ["const", at, ""]], []]) or ""
    return ""


def _read(form: Form) -> list[Form]:
    """What has to be there for a text: the values that stand in it, since one with words around is never empty."""
    values = [part[2] for part in form[2] if part[0] == "fmt"] if form[0] == "fstr" else []
    return values or [form]


def _is_there(item: Comparison, text: str) -> bool:
    """Whether a comparison is only reached where an operand is true: `if key and key == other`, or below `if key:`.

    So it is behind `not key or`, too.
    """
    for form in item.block.forms.of("bool", "if"):
        if form[0] == "if":
            required = form[2][3] if form[2][0] == "bool" and form[2][2] == "and" else [form[2]]
            inside = form[3]
        elif form[2] == "and":
            number = next((n for n, value in enumerate(form[3]) if any(one is item.form for one in walk(value))), 0)
            required, inside = form[3][:number], form[3]
        else:
            number = next((n for n, value in enumerate(form[3]) if any(one is item.form for one in walk(value))), 0)
            if any(_asks_for(one, text) for one in form[3][:number]):
                return True
            continue
        if text in map(rendered, required) and any(one is item.form for one in walk(inside)):
            return True
    return _is_below_refusal(item.block.statements, item.form, text)


def _is_below_refusal(statements: list[Form], form: Form, text: str) -> bool:
    """Whether a form is only reached after statements that leave where an operand is missing: `if not key: raise`."""
    for number, statement in enumerate(statements):
        if any(one is form for one in walk([statement])):
            if any(_leaves_without(one, text) for one in statements[:number]):
                return True
            inner = [part for part in statement if isinstance(part, list) and part and isinstance(part[0], list)]
            return any(_is_below_refusal(part, form, text) for part in inner)
    return False


def _leaves_without(statement: Form, text: str) -> bool:
    match statement:
        case ["if", _, test, body, _] if leaves(body):
            tests = test[3] if test[0] == "bool" and test[2] == "or" else [test]
            return any(_asks_for(one, text) for one in tests)
    return False


def _asks_for(test: Form, text: str) -> bool:
    match test:
        case ["unary", _, "not", inner] | ["compare", _, inner, ["is"], [["const", _, None]]]:
            return rendered(inner) == text
    return False


def _among(program: Program, item: Comparison, given: str, container: str) -> str | None:
    names = {form[2] for form in item.block.forms.every if form[0] == "name"}
    each = next(name for name in ("key", "valid", "valid_key", "each_key") if name not in names)
    test = f"secrets.compare_digest({_encoded(item.given, given)}, {each}.encode())"
    if is_text(program, item.block, item.secret, item.value):
        if None in missing_of_setting(program, item.block, item.secret):
            container = f'({container} or "")'
        code = f'any({each} and {test} for {each} in {container}.split(","))'
    elif item.secret[0] == "dict":
        return None
    else:
        code = f"any({each} and {test} for {each} in {container})"
    missing = may_be_missing(program, item.block, item.given) and not _is_there(item, given)
    return f"{given} is not None and {code}" if missing else code


def _encoded(form: Form, code: str) -> str:
    if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "encode":
        return code
    if form[0] == "const" and str(form[2]).isascii():
        return f"b{code}"
    return f"({code}).encode()" if form[0] in ("binop", "bool", "ifexp", "await") else f"{code}.encode()"


def _bytes(form: Form) -> bool:
    """Whether an expression is bytes already, so that encoding it would fail."""
    inner = core(form)
    return inner[0] == "bytes" or bool(inner[0] == "call" and inner[2][0] == "attr" and inner[2][3] == "digest")


def _hidden(item: Comparison, library: str) -> bool:
    """Whether the name of a library means something else where the comparison stands."""
    scope = item.block.scope
    if isinstance(scope, FunctionScope) and scope.is_local(library):
        return True
    bound = [form for form in item.block.module.facts.module if form[0] in ("assign", "annassign", "def", "class")]
    return any(form[0] == "name" and form[2] == library for one in bound for form in walk(one[2:3]))


def _tested(item: Comparison) -> bool:
    """Whether only the truth of the comparison matters: it is a condition or a part of one."""
    tests = (form[2] for form in item.block.forms.every if form[0] in ("if", "ifexp", "while", "assert"))
    return any(form is item.form for test in tests for form in walk(test))
