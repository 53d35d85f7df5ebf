"""One way of writing a block where people have several, so that rules need to know only one.

Nothing changes in what the code does: a refusal comes first and what follows it is not nested (`if not ok: raise` for
`if ok: ... else: raise`), and what is only raised is raised where it is made (`raise Error()` for `error = Error()`,
`raise error`).
"""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form

_LEAVES = ("return", "raise", "continue", "break")


def ordered(statements: list[Form]) -> list[Form]:
    """The statements of a function's block, in the plain order."""
    found: list[Form] = []
    for statement in statements:
        if statement[0] == "raise" and found and _only_raised(found[-1], statement):
            statement = [*statement[:2], found.pop()[3], *statement[3:]]
        found += _unnested(statement) if statement[0] == "if" else [statement]
    return found


def _only_raised(before: Form, statement: Form) -> bool:
    """`error = Error(...)`, and `raise error` as the next statement."""
    match before, statement:
        case ["assign", _, [["name", _, name]], ["call", *_]], ["raise", _, ["name", _, raised], _]:
            return bool(name == raised)
    return False


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
