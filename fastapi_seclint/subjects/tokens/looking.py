"""Whether a function tests what it was given, or hands it to something that does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.leaks.log_calls import is_log_call
from fastapi_seclint.subjects.rights.powerless import without_effect

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_STORES = re.compile(r"^(commit|(insert|update|replace|delete)_(one|many)|bulk_write|executemany)$")


def looked_at(program: Program, function: Function, names: set[str], depth: int = 2, *, shown: bool = True) -> bool:
    """Whether a function, or one of the project that it hands its names to, tests one of them.

    `depth` is how many calls are followed; without `shown`, a choice of what an answer or a log says is no test.
    """
    idle = frozenset[int]() if shown else without_effect(program, function)
    if looks_at(function, names, shown=shown, idle=idle):
        return True
    block = body_of(program, function) if depth else None
    if block is None:
        return False
    calls = [form for form in function.forms.of("call") if id(form) not in idle]
    handed = [item for form in calls for item in handed_to(program, block, form, names)]
    if any(looked_at(program, inner, given, depth - 1) for inner, given in handed):
        return True
    asked = (form for form in calls if form[2][0] == "attr" and form[2][2][0] == "name")
    own = (form for form in asked if form[2][2][2] in names)
    return any(method.forms.of("raise") for form in own for method, _ in called(program, block, form))


def looks_at(
    function: Function, names: set[str], *, shown: bool = True, idle: frozenset[int] = frozenset[int]()
) -> bool:
    """Whether a function tests one of its names, or hands it to something that is named after a test.

    `idle` are the identities of forms without effect. Who is refused after something was stored is refused too late.
    """
    answers = [] if shown else [form[2] for form in function.forms.of("return") if form[2] and form[2][0] == "dict"]
    answers += [] if shown else [form for form in function.forms.of("call") if is_log_call(form)]
    answers += too_late(function, names)
    passed = idle | {id(inner) for answer in answers for inner in walk(answer)}
    for form in function.forms.every:
        tested: list[Form] = []
        if id(form) in passed:
            continue
        match form:
            case ["if" | "while" | "ifexp" | "assert", _, test, *_]:
                tested = [test]
            case ["bool", _, _, items]:
                tested = items
            case ["compare", _, left, _, others]:
                tested = [left, *others]
            case ["unary", _, "not", inner] | ["call", _, ["name", _, "bool"], [inner], []]:
                tested = [inner]
            case ["call", _, called_, positional, keywords] if credentials.names_verification(str(called_[-1])):
                tested = [*positional, *(value for _, value, _ in keywords)]
        if mentions(tested, names):
            return True
    return False


def too_late(function: Function, names: set[str]) -> list[Form]:
    """The refusals by one of the names that stand behind what a function stores for good: `db.commit()`."""
    stored = [form[1] for form in function.forms.of("call") if _STORES.match(last_name(form[2]))]
    if not stored:
        return []
    after = (form for form in function.statements() if form[1] > min(stored) and form[0] == "if")
    return [form for form in after if form[3][-1][0] == "raise" and not form[4] and mentions(form[2], names)]
