"""Comparisons of several things at once, and equality in other words: tuples, `operator.eq`, `__eq__`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block


def pairs(block: Block, form: Form) -> Iterator[tuple[str, Form, Form]]:
    """The comparisons that one of tuples stands for: `(name, password) != ACCOUNT`, or `in [(NAME, PASSWORD)]`."""
    match form:
        case ["compare", _, left, ["==" | "!=" as operator], [right]]:
            wholes = [right]
        case ["compare", _, left, ["in" | "not in" as asked], [["list" | "tuple" | "set", _, wholes]]]:
            operator = "==" if asked == "in" else "!="
        case _:
            return
    parts = _parts(block, left)
    for whole in wholes if parts else ():
        others = _parts(block, whole)
        if form[3][0] in ("in", "not in") and not others:
            continue
        for number, part in enumerate(parts):
            indexed = ["sub", whole[1], whole, ["const", whole[1], number]]
            yield operator, part, others[number] if len(others) == len(parts) else indexed


def _parts(block: Block, form: Form) -> list[Form]:
    """What a tuple consists of, written there or under a name of the function."""
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        given = [item[3] for item in block.scope.assignments(form[2]) if item[0] == "assign"]
        form = given[0] if len(given) == 1 else form
    return form[2] if form[0] == "tuple" else []


def equality(form: Form) -> tuple[str, Form, Form] | None:
    """The operator and both sides of a comparison for equality, however it is spelled."""
    match form:
        case ["compare", _, left, ["==" | "!=" as operator], [right]]:
            return operator, left, right
        case ["call", _, function, [left, right], []] if last_name(function) == "compare_digest":
            return "compare_digest", left, right
        case ["call", _, ["name", _, "eq"] | ["attr", _, ["name", _, "operator"], "eq"], [left, right], []]:
            return "==", left, right
        case ["call", _, ["attr", _, left, "__eq__"], [right], []]:
            return "==", left, right
    return None
