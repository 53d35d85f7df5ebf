"""One way of writing a block where people have several, so that rules need to know only one.

Nothing changes in what the code does: a refusal comes first and what follows it is not nested (`if not ok: raise` for
`if ok: ... else: raise`), and what is only raised is raised where it is made (`raise Error()` for `error = Error()`,
`raise error`). What is only tested is tested where it is found (`if a != b:` for `wrong = a != b`, `if wrong:`), and
what is only returned is returned where it is made (`return find()` for `result = find()`, `return result`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from fastapi_seclint.facts.forms import Form, Forms, pack, span_of

_TEXTS = ("const", "bytes")
_LEAVES = ("return", "raise", "continue", "break")


def ordered(statements: list[Form], asked: set[str] | None = None, returned: set[str] | None = None) -> list[Form]:
    """The statements of a function's block, in the plain order.

    `asked` gets the names of answers that are tested, `returned` those of results that are returned.
    """
    found: list[Form] = []
    for statement in statements:
        if statement[0] == "return" and statement[2] is not None and statement[2][0] == "ifexp":
            found += _unnested(_returns(statement))
            continue
        if returned is not None and found and (name := _returned(found[-1], statement)):
            returned.add(name)
        if statement[0] == "raise" and found and _only_raised(found[-1], statement):
            statement = [*statement[:2], found.pop()[3], *statement[3:]]
        elif asked is not None and statement[0] == "if" and found and (name := _tested(found[-1], statement[2])):
            asked.add(name)
        found += _unnested(statement) if statement[0] == "if" else [statement]
    return found


def _returns(statement: Form) -> Form:
    """What `return a if ok else b` stands for: `if ok: return a`, and `return b`. The `if` ends where its test ends."""
    _, _, test, *branches = statement[2]
    start, end = span_of(statement[1]), span_of(test[1])
    at = pack(start.line, start.column - 1, end.end_line, end.end_column - 1)
    return ["if", at, test, *(ordered([["return", branch[1], branch]]) for branch in branches)]


def is_expression(statement: Form) -> bool:
    """Whether an `if` is written as `return a if ok else b`, so that its branches are no statements of their own."""
    return bool(statement[2][1] > statement[3][0][1])


def _only_raised(before: Form, statement: Form) -> bool:
    """`error = Error(...)`, and `raise error` as the next statement."""
    match before, statement:
        case ["assign", _, [["name", _, name]], ["call", *_]], ["raise", _, ["name", _, raised], _]:
            return bool(name == raised)
    return False


def _tested(before: Form, test: Form) -> str:
    """The name of an answer that the next statement tests: `wrong = a != b`, and `if wrong:`."""
    match before:
        case ["assign", _, [["name", _, str(name)]], ["compare" | "bool" | "unary", *_]]:
            parts = test[3] if test[0] == "bool" else [test]
            bare = [part[3] if part[0] == "unary" and part[2] == "not" else part for part in parts]
            return name if any(part[0] == "name" and part[2] == name for part in bare) else ""
    return ""


def _returned(before: Form, statement: Form) -> str:
    """The name of a result that the next statement returns: `result = find()`, and `return result`.

    A text, or a token, is what its name says, so it keeps the name.
    """
    match before, statement:
        case ["assign", _, [["name", _, str(name)]], value], ["return", _, ["name", _, given]] if name == given:
            return "" if value[0] in _TEXTS or "token" in name.lower() else name
    return ""


def returned_in_place(
    body: list[Form], names: set[str], inner: list[list[Form]], annotated: set[int]
) -> tuple[list[Form], list[tuple[int, str]]]:
    """The statements of a function whose results of these names are returned where they are made, if nothing else asks.

    With them the places of these results, which the statements have now, and their names. `annotated` has the places of
    the assignments that say what is in them; these stay.
    """
    asked = {form[2] for form in Forms(inner).of("name")}
    forms = Forms(body)
    asked.update(name for form in forms.of("global", "nonlocal") for name in form[2])
    counted = Counter(form[2] for form in forms.of("name") if form[2] in names)
    pairs = [pair for pair in _results(body) if pair[0] not in annotated]
    times = Counter(name for _, name in pairs)
    found = {at: name for at, name in pairs if name not in asked and counted[name] == 2 * times[name]}
    return (_returning(body, found), [*found.items()]) if found else (body, [])


def _results(items: list[Form]) -> Iterator[tuple[int, str]]:
    """The results that the next statement returns: the places of their assignments, and their names."""
    for number, item in enumerate(items):
        if number and (name := _returned(items[number - 1], item)):
            yield items[number - 1][1], name
        for part in item:
            if _is_block(part):
                yield from _results(part)


def _returning(items: list[Form], made: Mapping[int, str]) -> list[Form]:
    found: list[Form] = []
    for item in items:
        if found and found[-1][1] in made and _returned(found[-1], item):
            _, at, _, value = found.pop()
            item = ["return", at, value]
        found.append([_returning(part, made) if _is_block(part) else part for part in item])
    return found


def tested_in_place(body: list[Form], names: set[str], inner: list[list[Form]]) -> list[Form]:
    """The statements of a function whose answers of these names are tested where they are found, if nowhere else."""
    asked = {form[2] for form in Forms(inner).of("name")}
    forms = Forms(body)
    asked.update(name for form in forms.of("global", "nonlocal") for name in form[2])
    counted = Counter(form[2] for form in forms.of("name"))
    once = {name for name in names - asked if counted[name] == 2}
    return _in_place(body, once) if once else body


def _in_place(items: list[Form], names: set[str]) -> list[Form]:
    found: list[Form] = []
    for item in items:
        if item[0] == "if" and found and (name := _tested(found[-1], item[2])) in names:
            item = [*item[:2], _put(item[2], name, found.pop()[3]), *item[3:]]
        found.append([_in_place(part, names) if _is_block(part) else part for part in item])
    return found


def _put(test: Form, name: str, value: Form) -> Form:
    """A test with the answer in place of its name."""
    match test:
        case ["bool", at, symbol, parts]:
            return ["bool", at, symbol, [_put(part, name, value) for part in parts]]
        case ["unary", _, "not", ["name", _, asked]] if asked == name:
            return negated(value)
        case ["name", _, asked] if asked == name:
            return value
    return test


def _is_block(part: object) -> bool:
    """Whether a part of a statement is a block, or the handlers of a `try`, which have blocks."""
    return isinstance(part, list) and bool(part) and isinstance(part[0], list)


def _unnested(statement: Form) -> list[Form]:
    """An `if` one of whose branches leaves, without the other one inside it."""
    _, at, test, body, otherwise = statement
    if not otherwise:
        return [statement]
    if leaves(otherwise) and (not leaves(body) or _weight(otherwise) < _weight(body)):
        return [["if", at, negated(test), otherwise, []], *body]
    if leaves(body):
        return [["if", at, test, body, []], *otherwise]
    return [statement]


def _weight(statements: list[Form]) -> int:
    """How little a block that leaves looks like the refusal of two: raising is one, and so is returning nothing."""
    match statements[-1]:
        case ["raise", *_]:
            return 0
        case ["return", _, None] | ["return", _, ["const", _, None | False]]:
            return 1
    return 2


def leaves(statements: list[Form]) -> bool:
    """Whether a block ends with a statement after which nothing below it runs."""
    return bool(statements) and statements[-1][0] in _LEAVES


def negated(test: Form) -> Form:
    """A test that holds where another one does not."""
    match test:
        case ["unary", _, "not", inner]:
            return list(inner)
    return ["unary", test[1], "not", test]
